"""`python -m nuages.agent`: serves one tool over standard input and a private standard output."""

from __future__ import annotations

import os
import sys

from nuages.agent.server import Server


def main() -> None:
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)  # the project's prints go to standard error from here on
    sys.stdout = sys.stderr
    Server(os.fdopen(os.dup(0), encoding="utf-8"), replies).serve()


if __name__ == "__main__":
    main()
