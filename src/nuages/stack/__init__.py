"""Real servers, run here for the time of one run."""
