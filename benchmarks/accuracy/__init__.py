"""Who finds what, at which line, with which advice; and who speaks where nothing is wrong."""
