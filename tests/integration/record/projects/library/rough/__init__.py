"""Requests of every kind, for trying what a failing recorder does to their answers."""
