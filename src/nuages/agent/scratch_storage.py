"""A file storage that writes to scratch and still finds the project's own files."""

from __future__ import annotations

import os
from typing import Any

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import FileSystemStorage
from django.utils._os import safe_join


class ScratchStorage(FileSystemStorage):
    """Files below `location`, and read-only under them those of the folder `below`."""

    def __init__(self, *args: Any, below: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        self._below = below

    def path(self, name: str) -> str:
        """Where a file is: in scratch unless only the project's own folder has it."""
        here = str(super().path(name))
        if self._below and not os.path.lexists(here):
            try:
                there = str(safe_join(self._below, name))
            except SuspiciousFileOperation:
                return here
            if os.path.isfile(there):
                return there
        return here

    def delete(self, name: str) -> None:
        """Delete a file of scratch; the project's own stay."""
        if self.path(name) == str(super().path(name)):
            super().delete(name)
