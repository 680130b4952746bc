"""The versions that are compared: a git revision, a folder, or the work tree with a patch."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from nuages.errors import NuagesError
from nuages.project import Project

PATCHES = (".patch", ".diff")


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of a project; its tree is never the one that somebody works in, unless it is that
    very tree, which is only read."""

    name: str  # as the user said it
    project: Project
    edits: Mapping[str, str] = field(default_factory=dict)  # "label:file" → new text


def version_of(told: str, project: Project, folder: Path) -> Version:
    """The version that is meant; what has to be written goes to `folder`, which is new.

    Settings, interpreter and environment are those of the project as it stands: what differs is
    the code.
    """
    path = Path(told).expanduser()
    if path.is_dir():
        there = path.resolve()
        same = there in (project.root, _top_of(project.root))
        return Version(
            name=told, project=project if same else _moved(project, _above(project, there))
        )
    if path.suffix in PATCHES and path.is_file():
        copy = _exported(project, "HEAD", folder) if _is_git(project.root) else None
        if copy is None:
            raise _fault(told, "a patch needs a git repository to be applied to")
        _overwrite(project, copy)
        _git(copy, "apply", "--whitespace=nowarn", str(path.resolve()), told=told)
        return Version(name=told, project=_moved(project, copy))
    return Version(name=told, project=_moved(project, _exported(project, told, folder)))


def _exported(project: Project, revision: str, folder: Path) -> Path:
    """The tree of a revision, without touching the repository or its work tree."""
    top = _top_of(project.root)
    if top is None:
        raise _fault(revision, "it is no folder, and the project is in no git repository")
    done = subprocess.run(
        ["git", "-C", str(top), "archive", "--format=tar", revision],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise _fault(revision, done.stderr.decode(errors="replace").strip().splitlines()[-1])
    folder.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def _overwrite(project: Project, copy: Path) -> None:
    """Put what is changed and not committed over an exported tree: a patch is to the work tree."""
    top = _top_of(project.root)
    assert top is not None
    names = _git(top, "diff", "--name-only", "-z", "HEAD").split("\0")
    for name in filter(None, names):
        source, target = top / name, copy / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
        else:
            target.unlink(missing_ok=True)


def _moved(project: Project, top: Path) -> Project:
    """The project in another tree: every path below its repository points there."""
    old = _top_of(project.root) or project.root

    def there(path: Path) -> Path:
        return top / path.relative_to(old) if path.is_relative_to(old) else path

    moved = replace(
        project,
        root=there(project.root),
        settings_file=there(project.settings_file),
        manage=there(project.manage) if project.manage else None,
        source_roots={label: there(path) for label, path in project.source_roots.items()},
        sys_path=tuple(there(path) for path in project.sys_path),
    )
    if not moved.root.is_dir():
        raise _fault(str(top), f"it has no folder {project.root.name}")
    return moved


def _above(project: Project, folder: Path) -> Path:
    """A folder given as the project's root in another tree, as the root of that tree."""
    old = _top_of(project.root) or project.root
    inner = project.root.relative_to(old)
    if (folder / inner).is_dir() and inner.parts:
        return folder
    depth = len(inner.parts)
    return folder.parents[depth - 1] if depth and folder.parts[-depth:] == inner.parts else folder


def _is_git(root: Path) -> bool:
    return _top_of(root) is not None


def _top_of(root: Path) -> Path | None:
    """The root of the repository that a folder is in."""
    done = subprocess.run(
        ["git", "-C", str(root), "rev-parse", "--show-toplevel"],
        capture_output=True,
        text=True,
        check=False,
    )
    return Path(done.stdout.strip()).resolve() if done.returncode == 0 else None


def _git(folder: Path, *words: str, told: str = "") -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise _fault(told or " ".join(words), done.stderr.strip()[-300:])
    return done.stdout


def _fault(told: str, why: str) -> NuagesError:
    return NuagesError(
        f"{told!r} is no version to compare: {why}",
        hint="name a git revision, a folder, or a .patch file to apply to the work tree",
        slug="version",
    )
