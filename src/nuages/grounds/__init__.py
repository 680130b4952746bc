"""What rules judge by: questions to recording, settings and code, each asked in one place."""
