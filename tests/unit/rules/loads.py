"""What was made of the instances of a load, in a few words, and cases of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tests.unit.rules.recordings import recorded

from nuages.cases import Case
from nuages.code import Code
from nuages.model import Facts, Load, LoadUse, QueryGroup


def use(
    load: Load,
    instances: int = 50,
    *,
    used: int | None = None,
    reads: Mapping[str, int] | None = None,
    sizes: Mapping[str, int] | None = None,
    asked: Mapping[str, int] | None = None,
    fetches: int = 1,
) -> LoadUse:
    """By default all are used, the title is read and 20 kB a row of the body are not."""
    sizes = {"id": 28, "title": 20, "body": 20_000} if sizes is None else sizes
    reads = {"id": instances, "title": instances} if reads is None else reads
    return LoadUse(
        load=load,
        fetches=fetches,
        instances=instances,
        used=instances if used is None else used,
        fields={**dict.fromkeys(sizes, 0), **reads, **(asked or {})},
        bytes={name: size * instances for name, size in sizes.items()},
    )


def unread(load: Load, instances: int = 50, *, asked: Mapping[str, int] | None = None) -> LoadUse:
    """Of which no field was read."""
    return use(load, instances, used=0, reads={"id": instances}, asked=asked)


def case(
    *parts: QueryGroup | LoadUse,
    code: Code | None = None,
    facts: Facts | None = None,
    statuses: dict[str, int] | None = None,
) -> Case:
    groups = [part for part in parts if isinstance(part, QueryGroup)]
    uses = tuple(part for part in parts if isinstance(part, LoadUse))
    recording = replace(recorded(*groups, statuses=statuses), uses=uses)
    return Case(recording, facts or Facts(), code or Code())
