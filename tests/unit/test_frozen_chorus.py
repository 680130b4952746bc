"""The example is measured before and after: what it is may not change beside what is measured."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
CHORUS = REPOSITORY / "examples" / "chorus"
# pyproject.toml says how nuages is told to drive it, README.md how to run it: neither is measured.
MAY_CHANGE = {"pyproject.toml", "README.md"}
FROZEN = "d11d9931496091159a63b628c3b52e731c4a3ea1cd0100fd4cd5b9465a8e6beb"


def test_the_example_is_what_its_figures_were_measured_on() -> None:
    """Figures of chorus are compared across versions of nuages, so its code and faults stay."""
    told = subprocess.run(
        ["git", "ls-files", "-z", "."], cwd=CHORUS, capture_output=True, text=True, check=False
    )
    if told.returncode:
        pytest.skip("not a checkout")
    digest = hashlib.sha256()
    for name in sorted(set(told.stdout.split("\0")) - MAY_CHANGE - {""}):
        text = (CHORUS / name).read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{name}\0{len(text)}\0".encode() + text)
    assert digest.hexdigest() == FROZEN
