"""How long `nuages check` takes on a hundred thousand lines."""
