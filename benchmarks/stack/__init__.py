"""What the stack of `nuages up` loses when its parts fail, and what it costs beside its peers."""
