"""Which index would serve a statement: read off its text, held against the catalog, tried."""
