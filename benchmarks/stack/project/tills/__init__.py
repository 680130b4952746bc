"""Tills: entries are written, and read again."""
