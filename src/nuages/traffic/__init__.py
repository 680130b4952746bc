"""Where requests come from: the project's URLs, and the links in what it answers."""
