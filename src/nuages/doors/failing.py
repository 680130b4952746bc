"""Which tests fail in the enclosure, and why, as far as their runner's output tells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

NAMED = 5  # tests; the rest is a number
REASON = 160  # characters
# pytest: a section for each test, its lines of error marked by E, then a summary cut at 80 columns.
SECTION = re.compile(r"_{3,} (?:ERROR at (?:setup|teardown) of |ERROR collecting )?(\S.*?) _{3,}")
MARKED = re.compile(r"E +(\S.*)")
CAUSED = ("The above exception was", "During handling of the above")
SUMMED = re.compile(r"(?:FAILED|ERROR) (\S.*?)(?: - (.*))?")
# unittest, and with it Django's runner: a block for each, with a traceback.
BLOCK = re.compile(r"^={70}\n(?:ERROR|FAIL): (.+)\n", re.MULTILINE)
RULE = re.compile(r"^-{70}$", re.MULTILINE)
TRACEBACK = "Traceback (most recent call last):"
SUBTEST = re.compile(r" \(.*\)$")


def notes(
    tests: Mapping[str, bool], output: str, *, command: str, outside: Mapping[str, bool]
) -> tuple[str, ...]:
    """A line for each of the first tests that fail, and whether they do so outside as well.

    `tests` says which passed here, `outside` which did when they were recorded without walls.
    """
    told = reasons(output)
    by_any = {key: why for name, why in told.items() for key in (name, _bare(name), _short(name))}
    failed = {
        name: by_any.get(name) or by_any.get(_short(name), "")
        for name, passed in tests.items()
        if not passed
    }
    known = {*tests, *map(_short, tests)}
    failed |= {
        name: why for name, why in told.items() if not known & {_bare(name), _short(_bare(name))}
    }
    lines = [f"fails: {name}{f': {why}' if why else ''}" for name, why in failed.items()]
    if len(lines) > NAMED:
        lines[NAMED:] = [f"… and {len(lines) - NAMED:,} more fail"]
    return (*lines, *([_elsewhere(failed, command, outside)] if failed else []))


def _elsewhere(failed: Mapping[str, str], command: str, outside: Mapping[str, bool]) -> str:
    if not any(name in outside for name in failed):
        return f"Do they fail without nuages, too? Tell by running it by hand: {command}"
    only = sum(outside.get(name, False) for name in failed)
    if not only:
        return "They failed as well when they were recorded, outside the enclosure."
    return (
        f"{only:,} of them passed when they were recorded: they fail only in the enclosure, which "
        "has no network but scratch databases, and no files to write but scratch copies."
    )


def reasons(output: str) -> dict[str, str]:
    """Test → the error it ended with, by the name that pytest or unittest gives it."""
    text = output.replace("\r\n", "\n")
    by_pytest = _by_pytest(text)
    return {name: why[:REASON] for name, why in (by_pytest or dict(_by_unittest(text))).items()}


def _by_pytest(text: str) -> dict[str, str]:
    """By node id, as the summary has it; the whole of each error is in the test's section."""
    summary = text.rfind("short test summary info")
    sections = _sections(text[: max(summary, 0)])
    found = {}
    for line in text[summary:].splitlines() if summary >= 0 else ():
        if said := SUMMED.fullmatch(line.rstrip()):
            found[said[1]] = sections.get(_short(said[1])) or said[2] or ""
    return found


def _sections(text: str) -> dict[str, str]:
    """The first line of the last exception of each section, by the section's title."""
    found: dict[str, str] = {}
    title = ""
    for line in text.splitlines():
        if head := SECTION.fullmatch(line):
            title = head[1]
        elif line.startswith(CAUSED):
            found.pop(title, None)  # what was raised of it says more
        elif title and (marked := MARKED.fullmatch(line)):
            found.setdefault(title, marked[1])
    return found


def _by_unittest(text: str) -> Iterator[tuple[str, str]]:
    """By id: titles are "test_x (shop.tests.CartTest.test_x)"; older Pythons leave out the end."""
    _, *blocks = BLOCK.split(text)
    for title, block in zip(blocks[::2], blocks[1::2], strict=True):
        method, _, rest = title.partition(" (")
        path = rest.partition(")")[0]
        name = path if not path or path.endswith(f".{method}") else f"{path}.{method}"
        yield name or method, _raised(block)


def _raised(block: str) -> str:
    _, _, after = block.rpartition(TRACEBACK) if TRACEBACK in block else RULE.split(block, 1)
    lines = (line for line in after.splitlines() if line and not line[0].isspace())
    return next(lines, "")


def _bare(name: str) -> str:
    """Without the parameters of a subtest."""
    return SUBTEST.sub("", name)


def _short(name: str) -> str:
    """The title that pytest gives the section of a node id."""
    return name.partition("::")[2].replace("::", ".") or name
