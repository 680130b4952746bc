"""Module-level state that requests change: each process has its own, and forgets it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from nuages.cases import Case
from nuages.code import Module
from nuages.grounds.definitions import module_of
from nuages.grounds.module_globals import Change, Global, changed_globals, defined_at, fills_a_cache
from nuages.model import CallGroup, Evidence, Finding, Fix, Location, Remedy

ID = "module-state"

ENOUGH_CHANGES = 3  # requests that changed it; fewer may just have been the first
MOSTLY = 0.5  # of the requests to a route that were looked at
# The recorder looks at the first eight requests of a route, and then at every 16th:
# docs/explanation/recorder.md.
FIRST, EVERY = 8, 16
CONFIDENCE: dict[Change, float] = {
    "counts": 0.85, "collects": 0.75, "rebinds": 0.65, "keeps rows": 0.65, "caches rows": 0.6,
}  # fmt: skip
WHAT: dict[Change, str] = {
    "counts": "is counted up by what a process serves, and by nothing else",
    "collects": "collects what one process serves",
    "rebinds": "is set by what one process served last",
    "keeps rows": "keeps rows that other processes may have changed",
    "caches rows": "keeps the rows it read first as long as the process lives",
}
HINTS: dict[Change, str] = {
    "counts": "count in the shared cache (cache.add, cache.incr) or in a table (F() expressions)",
    "collects": "keep it in a table, or in the shared cache with a time to live",
    "rebinds": "keep it in the shared cache or in a table; for one request, on the request",
    "keeps rows": "keep the rows in the shared cache with a time to live, and delete the key where "
    "they are written",
    "caches rows": "cache.get_or_set(key, …, 60) in the shared cache instead of lru_cache, and "
    "delete the key where the rows are written",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What requests were seen to do to one place."""

    label: str  # "search.popular._terms"
    operations: frozenset[str]
    requests: int  # that changed it, of those looked at
    share: float  # of those looked at, where it is most
    routes: tuple[str, ...]

    @property
    def is_steady(self) -> bool:
        """Whether it changes on and on, and was not just filled once."""
        return self.requests >= ENOUGH_CHANGES and self.share >= MOSTLY


def find(case: Case) -> Iterator[Finding]:
    """One finding per name, whether it was seen in the recording or in the code."""
    seen = {(_place(each, case)): each for each in _seen(case)}
    found = {each.label: each for each in changed_globals(case.code)}
    for label, state in found.items():
        yield _of_code(state, seen.get(label))
    for label, each in seen.items():
        if label not in found and each.is_steady and not _is_cache(each, case):
            yield _of_recording(each, case)


def _seen(case: Case) -> Iterator[Seen]:
    groups: dict[str, list[CallGroup]] = defaultdict(list)
    for call in case.recording.calls:
        if call.kind == "module-state" and call.scope.kind == "request":
            groups[call.name].append(call)
    for label, calls in groups.items():
        yield Seen(
            label=label,
            operations=frozenset(call.operation for call in calls),
            requests=sum(call.executions for call in calls),
            share=max(call.executions / _looked_at(call, case) for call in calls),
            routes=tuple(sorted({call.scope.name for call in calls})),
        )


def _looked_at(call: CallGroup, case: Case) -> float:
    executions = case.stats[call.scope].executions if call.scope in case.stats else 0
    return max(min(executions, FIRST) + max(executions - FIRST, 0) / EVERY, ENOUGH_CHANGES)


def _place(seen: Seen, case: Case) -> str:
    """As a Global's label, where the module is known; else its own."""
    found = _module(seen.label, case)
    if found is None:
        return seen.label
    module, rest = found
    return f"{module.root}:{module.file}:{rest.partition('.')[0]}"


def _module(label: str, case: Case) -> tuple[Module, str] | None:
    """The module that the label starts with, and the rest of it."""
    parts = label.split(".")
    for length in range(len(parts) - 1, 0, -1):
        module = module_of(case.code, ".".join(parts[:length]))
        if module is not None:
            return module, ".".join(parts[length:])
    return None


def _is_cache(seen: Seen, case: Case) -> bool:
    """Whether answers are kept that are the same in every process: of pure functions, templates."""
    if all(operation.startswith("lru_cache") for operation in seen.operations):
        return True
    found = _module(seen.label, case)
    return found is not None and fills_a_cache(found[0], found[1])


def _of_code(state: Global, seen: Seen | None) -> Finding:
    confidence = CONFIDENCE[state.change]
    measured = seen is not None and seen.requests >= ENOUGH_CHANGES
    place = f"{state.changed.file}:{state.changed.line}"
    figures: dict[str, float | str] = {"change": state.change}
    if seen is not None:
        figures["requests_that_changed_it"] = seen.requests
    return Finding(
        rule=ID,
        message=f"{state.name} {WHAT[state.change]}{_times(seen)}",
        hint=f"{HINTS[state.change]}; it is changed at {place}, in {state.function}",
        location=state.defined,
        evidence=Evidence(requests=seen.requests if seen else 0, figures=figures),
        confidence=min(confidence + 0.1, 0.95) if measured else confidence,
        remedy=Remedy(kind="cache" if state.change.endswith("rows") else "move"),
        routes=seen.routes if seen else (),
        fix=Fix(status="none", reason="where the state belongs is a decision"),
        concern="hazard",
    )


def _of_recording(seen: Seen, case: Case) -> Finding:
    found = _module(seen.label, case)
    location: Location | None = defined_at(found[0], found[1]) if found else None
    done = " and ".join(sorted(seen.operations))
    return Finding(
        rule=ID,
        message=f"{seen.label} is {done} by what a process serves{_times(seen)}",
        hint="keep it in a table or in the shared cache; for one request, on the request",
        location=location,
        evidence=Evidence(
            requests=seen.requests,
            figures={
                "requests_that_changed_it": seen.requests,
                "operations": ", ".join(sorted(seen.operations)),
            },
        ),
        confidence=0.7 if location else 0.5,
        remedy=Remedy(kind="move"),
        routes=seen.routes,
        fix=Fix(status="none", reason="where the state belongs is a decision"),
        concern="hazard",
    )


def _times(seen: Seen | None) -> str:
    return f": {seen.requests:,} requests changed it" if seen and seen.requests > 1 else ""
