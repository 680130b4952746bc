"""How often `nuages prove` sees what is not there, and misses what is."""
