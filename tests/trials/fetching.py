"""Other people's code: an environment of its own for it, and its source archive from PyPI."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
BASE = Path(os.environ.get("NUAGES_TRIALS") or Path.home() / ".cache/nuages/trials")


class CannotSetUp(Exception):
    """This machine lacks what the project needs; says what."""


def interpreter(versions: Iterable[str]) -> Path:
    """The first Python of these versions that is there and runs."""
    for version in versions:
        found = shutil.which(f"python{version}")
        pyenv = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
        for candidate in [*([Path(found)] if found else []), *pyenv]:
            # A pyenv shim is there for versions that are not active, too: ask it.
            if subprocess.run([candidate, "-c", ""], capture_output=True).returncode == 0:
                return candidate
    raise CannotSetUp(f"needs Python {' or '.join(versions)}")


def make_environment(folder: Path, requirements: Iterable[str], python: Path) -> Path:
    """Make `<folder>/venv` with these requirements; → its interpreter."""
    wanted = folder / "requirements.txt"
    wanted.write_text("\n".join(requirements).strip() + "\n")
    subprocess.run(
        ["tools/environment.sh", folder / "venv", wanted, "--", "-r", wanted],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHON": str(python)},
        check=True,
    )
    return folder / "venv/bin/python"


def pip(python: Path, *arguments: str | Path) -> None:
    """Run an environment's pip."""
    quietly = ["--quiet", "--disable-pip-version-check"]
    subprocess.run([python, "-m", "pip", *quietly, *arguments], check=True)


def unpack(python: Path, archive: str, tree: Path) -> None:
    """Put the source archive of "name==version" at `tree`."""
    name = archive.partition("==")[0]
    download = tree.parent / "download"
    pip(python, "download", "--no-deps", "--no-binary", name, "--dest", download, archive)
    with tarfile.open(next(download.glob("*.tar.gz"))) as packed:
        packed.extractall(download, filter="data")
    unpacked = next(path for path in download.iterdir() if path.is_dir())
    unpacked.rename(tree)
    shutil.rmtree(download)
