"""What recording costs, beside the peers, and what it gives for that."""
