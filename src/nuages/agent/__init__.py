"""The half of nuages inside the project's process: the standard library and Django only."""
