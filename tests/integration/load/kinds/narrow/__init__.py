"""A site with a route for each thing that can run out."""
