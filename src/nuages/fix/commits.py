"""Verified fixes as commits of a branch of their own; work tree and index stay as they are."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nuages.codemod import text
from nuages.errors import NuagesError
from nuages.fix.proposals import combine, patch
from nuages.model import Finding

BRANCH = "nuages/fixes"
MOST_BRANCHES = 100
SUBJECT = 100  # characters

Files = Mapping[str, str]  # "label:file" → text


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What one commit says, and all files that differ from the present tree after it."""

    message: str
    edits: Files


def steps(findings: Sequence[Finding], sources: Files, edits: Files) -> Iterator[Step]:
    """One for each verified fix, the last with whatever `edits`, all of them together, has more.

    What was found only upon other fixes has its place in a text that is not there yet: such are
    committed together.
    """
    first = [one for one in findings if _is_upon(one, sources)]
    done: Files = {}
    for number, finding in enumerate(first, 1):
        state = combine(first[:number], sources)
        if state != done:
            yield Step(message=_message([finding]), edits=state)
            done = state
    if dict(edits) != dict(done):
        rest = [one for one in findings if one.fix.status == "verified" and one not in first]
        yield Step(message=_message(rest or first), edits=edits)


def commit(
    found: Sequence[Step], sources: Files, roots: Mapping[str, Path], project: Path
) -> tuple[str, int]:
    """The name of the branch that was made, and how many commits it is ahead of HEAD.

    Raises NuagesError, and makes nothing, where there is no repository or where a file that is
    edited has changes that are not committed.
    """
    top = repository(project)
    paths = {key: _path(key, roots, top) for step in found for key in step.edits}
    for key, path in paths.items():
        _check(top, path, is_new=key not in sources)
    with tempfile.TemporaryDirectory(prefix="nuages-") as folder:
        environment = {**os.environ, "GIT_INDEX_FILE": str(Path(folder) / "index")}
        head = _git(top, "rev-parse", "HEAD").strip()
        _git(top, "read-tree", head, environment=environment)
        parent = head
        for step in found:
            for key, new in step.edits.items():
                _stage(top, paths[key], new, environment)
            tree = _git(top, "write-tree", environment=environment).strip()
            told = ("commit-tree", tree, "-p", parent, "-F", "-")
            parent = _git(top, *told, given=step.message.encode()).strip()
    branch = _free_branch(top)
    _git(top, "update-ref", f"refs/heads/{branch}", parent, "")
    return branch, len(found)


def _is_upon(finding: Finding, sources: Files) -> bool:
    """Whether its edit is one of the tree as it stands."""
    fix = finding.fix
    known = all(key in sources for key in fix.edits) or finding.remedy.kind == "index"
    return fix.status == "verified" and known and patch(_edited(fix.edits, sources), sources) in (
        fix.diff, fix.diff.partition("--- /dev/null")[0],
    )  # fmt: skip


def _edited(edits: Files, sources: Files) -> Files:
    return {key: new for key, new in edits.items() if key in sources}


def _message(findings: Sequence[Finding]) -> str:
    """The edit as a subject; why, and what was shown."""
    said = [
        f"{one.message}.\n{one.fix.reason[:1].upper()}{one.fix.reason[1:]}." for one in findings
    ]
    hint = findings[0].hint if findings else "nuages"
    subject = f"{hint[:1].upper()}{hint[1:]}"
    if len(findings) > 1:
        subject = f"Fix what {len(findings)} findings say of the code as edited"
    if len(subject) > SUBJECT:
        said = [f"{subject}.", *said]
        subject = f"{subject[: SUBJECT - 1]}…"
    return "\n\n".join([subject, *said, ""])


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def repository(project: Path) -> Path:
    """The root of the repository, which has a commit."""
    try:
        _git(project, "rev-parse", "--verify", "HEAD")
        return Path(_git(project, "rev-parse", "--show-toplevel").strip()).resolve()
    except (NuagesError, OSError) as error:
        raise NuagesError(
            f"{project} is in no git repository with a commit.",
            hint="Write the fixes with --apply, or to a file with --patch.",
            slug="no-repository",
        ) from error


def _path(key: str, roots: Mapping[str, Path], top: Path) -> str:
    """Relative to the repository's root."""
    label, _, file = key.rpartition(":")
    path = (Path(roots[label]) / file).resolve()
    if not path.is_relative_to(top):
        raise NuagesError(
            f"{file} lies outside of the repository {top}.",
            hint="Write the fixes with --apply, or to a file with --patch.",
            slug="outside-root",
        )
    return path.relative_to(top).as_posix()


def _check(top: Path, path: str, *, is_new: bool) -> None:
    """That the tree has of a file what HEAD has."""
    if _git(top, "status", "--porcelain", "--untracked-files=all", "--", path).strip():
        raise NuagesError(
            f"{path} has changes that are not committed.",
            hint="Commit or stash them, or write the fixes with --apply.",
            slug="file-changed",
        )
    if not is_new and not _git(top, "ls-tree", "HEAD", "--", path).strip():
        raise NuagesError(
            f"{path} is not in the repository.",
            hint="Add it to a commit, or write the fixes with --apply.",
            slug="file-changed",
        )


def _stage(top: Path, path: str, new: str, environment: Mapping[str, str]) -> None:
    told = ("hash-object", "-w", "--stdin", f"--path={path}")
    blob = _git(top, *told, given=text.to_bytes(new)).strip()
    mode = (_git(top, "ls-tree", "HEAD", "--", path).split() or ["100644"])[0]
    entry = f"{mode},{blob},{path}"
    _git(top, "update-index", "--add", "--cacheinfo", entry, environment=environment)


def _free_branch(top: Path) -> str:
    taken = {*_git(top, "for-each-ref", "--format=%(refname:short)", "refs/heads").split()}
    names = [BRANCH, *(f"{BRANCH}-{number}" for number in range(2, MOST_BRANCHES))]
    return next(name for name in names if name not in taken)


def _git(
    folder: Path,
    *words: str,
    given: bytes = b"",
    environment: Mapping[str, str] | None = None,
) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *words],
        input=given,
        capture_output=True,
        check=False,
        env=environment,
    )
    if done.returncode:
        raise NuagesError(
            f"git {words[0]} failed.",
            hint="Write the fixes to a file with --patch, and apply it by git.",
            detail=done.stderr.decode(errors="replace").strip()[-300:],
            slug="git",
        )
    return done.stdout.decode()
