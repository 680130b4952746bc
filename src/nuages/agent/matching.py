"""Reads regular expressions the other way: a string that matches, a template, the words allowed."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator
from typing import Any

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_REPEATS = 6  # of an open-ended repetition
_MOST = 32  # alternatives looked at
_REPEATING = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")

Template = tuple[str, tuple[str, ...]]  # a %-format string, the groups it needs


def example(pattern: str, rng: random.Random) -> str | None:
    """A match of the whole pattern; None when a few tries did not give one."""
    parsed = _parsed(pattern)
    if parsed is None:
        return None
    for _ in range(5):
        made = _all(parsed, rng, {})
        if re.search(pattern, made):
            return made
    return None


def _parsed(pattern: str) -> Any:
    try:
        return re._parser.parse(pattern)  # type: ignore[attr-defined]
    except re.error:
        return None


def _one(op: Any, value: Any, rng: random.Random, groups: dict[int, str]) -> str:
    match str(op):
        case "LITERAL":
            return chr(value)
        case "NOT_LITERAL":
            return "a" if value != ord("a") else "b"
        case "ANY":
            return rng.choice(_LETTERS)
        case "IN":
            return rng.choice(_members(value))
        case "BRANCH":
            return _all(rng.choice(value[1]), rng, groups)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, inner = value
            times = rng.randint(least, min(int(most), least + _REPEATS))
            return "".join(_all(inner, rng, groups) for _ in range(times))
        case "SUBPATTERN":
            groups[value[0]] = _all(value[3], rng, groups)
            return groups[value[0]]
        case "ATOMIC_GROUP":
            return _all(value, rng, groups)
        case "GROUPREF":
            return groups.get(value, "")
    return ""  # anchors and assertions take no room


def _all(parts: Any, rng: random.Random, groups: dict[int, str]) -> str:
    return "".join(_one(op, value, rng, groups) for op, value in parts)


def _members(parts: Any) -> str:
    """The characters of a class, the printable ASCII ones."""
    negated = bool(parts) and str(parts[0][0]) == "NEGATE"
    found: set[str] = set()
    for op, value in parts:
        name = str(op)
        if name == "LITERAL":
            found.add(chr(value))
        elif name == "RANGE":
            found.update(chr(code) for code in range(value[0], min(value[1], 0x17F) + 1))
        elif name == "CATEGORY":
            found.update(_category(str(value)))
    if negated:
        found = set(_LETTERS + _LETTERS.upper() + "0123456789-_ .") - found
    return "".join(sorted(found)) or "a"


def _category(name: str) -> str:
    if name.endswith(("NOT_DIGIT", "NOT_SPACE")):
        return _LETTERS
    if name.endswith("DIGIT"):
        return "0123456789"
    if name.endswith("NOT_WORD"):
        return "-"
    if name.endswith("SPACE"):
        return " "
    return _LETTERS + "0123456789"


def templates(pattern: str) -> list[Template]:
    """Format strings for a URL pattern, its groups left open, most groups first.

    Groups are named as in the pattern, unnamed ones `_0`, `_1`, … in order. Optional parts come
    with and without; alternatives outside of groups come one by one.
    """
    parsed = _parsed(pattern)
    if parsed is None:
        return []
    names = {index: name for name, index in parsed.state.groupdict.items()}
    found = list(itertools.islice(_templates(parsed, names), _MOST))
    return sorted(dict.fromkeys(found), key=lambda template: -len(template[1]))


def _templates(parts: Any, names: dict[int, str]) -> Iterator[Template]:
    options = [list(itertools.islice(_open(op, value, names), _MOST)) for op, value in parts]
    for combination in itertools.product(*options):
        text = "".join(made for made, _ in combination)
        yield text, tuple(name for _, groups in combination for name in groups)


def _open(op: Any, value: Any, names: dict[int, str]) -> Iterator[Template]:
    kind = str(op)
    if kind == "SUBPATTERN":
        index, _, _, inner = value
        if index is None:
            yield from _templates(inner, names)
        elif names:
            name = names.get(index)
            yield from [(f"%({name})s", (name,))] if name else _templates(inner, names)
        else:
            yield f"%(_{index - 1})s", (f"_{index - 1}",)
    elif kind == "BRANCH":
        for branch in value[1]:
            yield from _templates(branch, names)
    elif kind in _REPEATING:
        least, most, inner = value
        if least == 0:
            yield "", ()
        if most and any(str(inner_op) in ("SUBPATTERN", "BRANCH") for inner_op, _ in inner):
            yield from _templates(inner, names)
        elif least:
            yield _one(op, (least, least, inner), random.Random(0), {}).replace("%", "%%"), ()
    else:
        yield _one(op, value, random.Random(0), {}).replace("%", "%%"), ()


def words(pattern: str, group: str) -> list[str]:
    """What a group may hold when that is a short list: `(?P<mode>grid|rows)`."""
    parsed = _parsed(pattern)
    index = parsed.state.groupdict.get(group) if parsed is not None else None
    if parsed is None or (index is None and not group.startswith("_")):
        return []
    inner = _group(parsed, index if index is not None else int(group[1:]) + 1)
    if inner is None:
        return []
    return [text for text in itertools.islice(_spelled(inner), _MOST) if text]


def _group(parts: Any, wanted: int) -> Any:
    for op, value in parts:
        nested: list[Any] = []
        if str(op) == "SUBPATTERN":
            if value[0] == wanted:
                return value[3]
            nested = [value[3]]
        elif str(op) in _REPEATING:
            nested = [value[2]]
        elif str(op) == "BRANCH":
            nested = list(value[1])
        for inner in nested:
            found = _group(inner, wanted)
            if found is not None:
                return found
    return None


def _spelled(parts: Any) -> Iterator[str]:
    """Every text of a finite pattern made of words; nothing for an open one."""
    options: list[list[str]] = []
    for op, value in parts:
        kind = str(op)
        if kind == "LITERAL":
            options.append([chr(value)])
        elif kind == "BRANCH":
            options.append([text for branch in value[1] for text in _spelled(branch)])
        elif kind == "SUBPATTERN":
            options.append(list(_spelled(value[3])))
        elif kind == "IN" and len(_members(value)) <= 4:
            options.append(list(_members(value)))
        elif kind != "AT":
            return
    yield from ("".join(combination) for combination in itertools.product(*options))
