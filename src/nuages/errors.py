"""The one family of errors: what was expected, what was found, where, and the next command."""

from __future__ import annotations


class NuagesError(Exception):
    """Something the user can act on; the command line prints it and exits with 2.

    `slug` is the anchor of its entry in docs/reference/errors.md. `detail` is a few lines at
    most: the tail of a traceback, the file and line at fault.
    """

    slug = "error"

    def __init__(self, message: str, *, hint: str = "", detail: str = "", slug: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.detail = detail
        if slug:
            self.slug = slug
