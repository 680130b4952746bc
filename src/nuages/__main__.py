"""`python -m nuages`: the command line, where its script is not on the path."""

from nuages.cli import main

main()
