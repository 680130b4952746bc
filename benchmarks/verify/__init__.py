"""How often the verification of an edit is right."""
