"""A small site with the usual loops."""
