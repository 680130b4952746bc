"""Posts, their authors and what is said about them."""
