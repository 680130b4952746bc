"""What earlier runs on the very same code have refused, so that no run tries it again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from nuages import __version__
from nuages.code import Code
from nuages.edits import place_of
from nuages.fix.judging import refused
from nuages.model import Finding
from nuages.outputs import make_folder

SCHEMA = 1


class Remembered:
    """Reasons by edit, in one file; those of other code, data or versions of nuages are dropped."""

    def __init__(self, path: Path | None, subject: str) -> None:
        """`subject`: what the reasons hold for, as `subject_of` gives it; no path: for one run."""
        self._path = path
        self._subject = subject
        self._reasons: dict[str, str] = {}
        if path is not None:
            with suppress(OSError, ValueError, AttributeError):
                told = json.loads(path.read_text("utf-8"))
                if told.get("schema") == SCHEMA and told.get("subject") == subject:
                    self._reasons = {str(k): str(v) for k, v in told["refused"].items()}

    def recall(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Refuse what was refused before; the rest is as it was."""
        return tuple(
            replace(finding, fix=refused(f"{reason} (so an earlier run found)"))
            if finding.fix.status == "proposed" and (reason := self._reasons.get(_key(finding)))
            else finding
            for finding in findings
        )

    def keep(self, tried: Iterable[Finding]) -> None:
        """Remember the refused ones among edits that were tried; written at once."""
        new = {_key(f): f.fix.reason for f in tried if f.fix.status == "refused"}
        if self._path is None or new.keys() <= self._reasons.keys():
            return
        self._reasons = {**new, **self._reasons}
        told = {"schema": SCHEMA, "subject": self._subject, "refused": self._reasons}
        make_folder(self._path)
        self._path.write_text(json.dumps(told, indent=1), encoding="utf-8")


def subject_of(code: Code, told: Mapping[str, object]) -> str:
    """A digest of the project's code and of what a run was told (data, door, settings)."""
    digest = hashlib.sha256(json.dumps([__version__, *sorted(told.items())], default=str).encode())
    for module in code.modules:
        digest.update(f"{module.root}:{module.file}\0{len(module.text)}\0{module.text}".encode())
    return digest.hexdigest()


def _key(finding: Finding) -> str:
    """Of the place and the path, not of the kind: one that failed was tried in every kind."""
    place, remedy = place_of(finding), finding.remedy
    at = (place.root, place.file, place.line, place.column) if place else ()
    return hashlib.sha256(repr((finding.rule, at, remedy.path)).encode()).hexdigest()
