"""What the tests asked when it was last found right: a file that a project commits."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nuages.errors import NuagesError
from nuages.suite.figures import PLACE, Asked, Suite, TestFigures, queries

FILE = ".nuages-tests.json"
SCHEMA = 1
LEAST_MS = 5  # a route that got slower by less did not


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What one test asked."""

    __test__ = False

    queries: int
    routes: Mapping[str, int] = field(default_factory=dict)  # → most queries of one request
    statements: Mapping[str, int] = field(default_factory=dict)  # Made.name → calls


@dataclass(frozen=True, kw_only=True, slots=True)
class Baseline:
    """What a baseline file holds."""

    path: Path
    tests: Mapping[str, Known] = field(default_factory=dict)
    times_ms: Mapping[str, float] = field(default_factory=dict)  # route → median


@dataclass(frozen=True, kw_only=True, slots=True)
class Regression:
    """A test or a route that asks more, or takes longer, than it did."""

    name: str
    words: str  # "9 queries, 4 in the baseline"


@dataclass(kw_only=True, slots=True)
class Comparison:
    """A run beside its baseline."""

    regressions: list[Regression] = field(default_factory=list)
    changes: list[tuple[Asked, int, int]] = field(default_factory=list)  # by how much, in tests
    better: int = 0  # tests that ask less
    new: int = 0  # tests that are not in the baseline


def load(path: Path) -> Baseline:
    """Read a file that write() wrote; NuagesError when it is another."""
    try:
        told = json.loads(path.read_text("utf-8"))
        if told["schema"] != SCHEMA:
            raise ValueError(f"schema {told['schema']}, this nuages knows {SCHEMA}")
        tests = {test: Known(**known) for test, known in told["tests"].items()}
        return Baseline(path=path, tests=tests, times_ms=told.get("times_ms", {}))
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise NuagesError(
            f"{path} is not a baseline of tests: {error}",
            hint="write it anew with pytest --nuages-update-baseline",
            slug="baseline",
        ) from error


def write(baseline: Baseline) -> None:
    """A line a test, in their order, so that diffs are small."""
    tests = [
        f"  {json.dumps(test, ensure_ascii=False)}: {_text(known)}"
        for test, known in sorted(baseline.tests.items())
    ]
    times = json.dumps(dict(sorted(baseline.times_ms.items())), ensure_ascii=False)
    rows = ",\n".join(tests)
    text = f'{{\n "schema": {SCHEMA},\n "times_ms": {times},\n "tests": {{\n{rows}\n }}\n}}\n'
    try:
        baseline.path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise NuagesError(
            f"{baseline.path} cannot be written: {error.strerror}.",
            hint="Name a file in a folder that exists and can be written.",
            slug="output",
        ) from error


def _text(known: Known) -> str:
    told = {"queries": known.queries, "routes": known.routes, "statements": known.statements}
    return json.dumps(told, ensure_ascii=False, sort_keys=True)


def updated(before: Baseline, suite: Suite, root: Path, *, with_times: bool) -> Baseline:
    """The baseline with what was seen now; of tests that did not run, those whose file exists."""
    kept = {t: k for t, k in before.tests.items() if (root / t.partition("::")[0]).exists()}
    seen = {test: known_now(figures) for test, figures in suite.tests.items()}
    times = {route: round(suite.median_ms(route), 1) for route in suite.routes()}
    return Baseline(
        path=before.path,
        tests={**kept, **seen},
        times_ms={**before.times_ms, **times} if with_times else {},
    )


def known_now(figures: TestFigures) -> Known:
    """What a baseline keeps of a test."""
    statements: dict[str, int] = defaultdict(int)
    for asked in figures.asked:
        statements[asked.made.name] += asked.calls
    return Known(
        queries=figures.queries,
        routes=dict(sorted(figures.routes.items())),
        statements=dict(sorted(statements.items())),
    )


def compare(suite: Suite, baseline: Baseline, tolerance: float | None) -> Comparison:
    """What asks more than before; times only where a tolerance is given."""
    found = Comparison()
    increases: dict[tuple[str, str], list[tuple[Asked, int]]] = defaultdict(list)
    for test, figures in sorted(suite.tests.items()):
        known = baseline.tests.get(test)
        if known is None:
            found.new += 1
            continue
        more = list(_more(figures, known))
        found.regressions += [Regression(name=test, words=words) for words in more]
        found.better += not more and figures.queries < known.queries
        for asked, increase in _increases(figures, known) if more else ():
            increases[asked.made.name, asked.route].append((asked, increase))
    for several in increases.values():
        most = max(increase for _, increase in several)
        found.changes.append((several[0][0], most, len(several)))
    found.changes.sort(key=lambda change: (-change[2] * change[1], change[0].made.sql))
    found.regressions += _slower(suite, baseline, tolerance) if tolerance is not None else ()
    return found


def _more(figures: TestFigures, known: Known) -> Iterator[str]:
    """In what a test asks more: in all, or in one request of a route."""
    if figures.queries > known.queries:
        yield f"{queries(figures.queries)}, {known.queries:,} in the baseline"
    for route, most in sorted(figures.routes.items()):
        before = known.routes.get(route)
        if before is not None and most > before and figures.queries <= known.queries:
            yield f"{queries(most)} in one {route}, {before:,} in the baseline"


def _increases(figures: TestFigures, known: Known) -> Iterator[tuple[Asked, int]]:
    """The statements that a test makes more often, each once, where it makes it most.

    A statement that took another's place in its function is no more than that was.
    """
    by_name: dict[str, list[Asked]] = defaultdict(list)
    left: dict[str, int] = defaultdict(int)  # place → how many more it makes in all
    for asked in figures.asked:
        by_name[asked.made.name].append(asked)
        left[asked.made.place] += asked.calls
    for name, calls in known.statements.items():
        left[name[:PLACE]] -= calls
    more = {
        name: sum(asked.calls for asked in several) - known.statements.get(name, 0)
        for name, several in by_name.items()
    }
    for name, increase in sorted(more.items(), key=lambda item: (-item[1], item[0])):
        place = name[:PLACE]
        counted = min(increase, left[place])
        left[place] -= counted
        if counted > 0:
            yield max(by_name[name], key=lambda asked: asked.calls), counted


def _slower(suite: Suite, baseline: Baseline, tolerance: float) -> Iterator[Regression]:
    for route in suite.routes():
        before, now = baseline.times_ms.get(route), suite.median_ms(route)
        if before is not None and now > before * (1 + tolerance) and now - before >= LEAST_MS:
            words = f"median {now:,.1f} ms a response, {before:,.1f} ms in the baseline"
            yield Regression(name=route, words=words)
