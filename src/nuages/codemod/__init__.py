"""Edits of Python source by span: what is not edited stays as it was, byte for byte."""

from __future__ import annotations


class Refusal(Exception):  # noqa: N818 - an answer, not a failure
    """An edit that would be a guess; `reason` is a sentence for the user."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
