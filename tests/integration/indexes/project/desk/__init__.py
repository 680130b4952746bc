"""A help desk: settings and models in one application."""
