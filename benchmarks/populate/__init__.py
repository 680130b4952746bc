"""How fast rows come into a database, beside other ways to bring them there."""
