"""What a person or a program gets to read: text for the terminal, JSON, one HTML file."""
