"""What leaves the process: calls of caches, other servers, connections, transactions."""
