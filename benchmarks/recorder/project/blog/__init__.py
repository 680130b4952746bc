"""Posts, who wrote them, and what others said."""
