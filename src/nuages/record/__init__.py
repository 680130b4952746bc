"""The recorder: what a Django process asks its databases, for whom, and from where."""
