"""A few ordinary pages."""
