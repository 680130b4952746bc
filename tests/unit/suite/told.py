"""What tests tell of themselves, in a few words."""

from __future__ import annotations

from typing import Any

from nuages.suite.figures import Suite

PAPERS = "GET /papers/"
AUTHOR = 'SELECT "author"."id", "author"."name" FROM "author" WHERE "author"."id" = %s'
PAPER = 'SELECT "paper"."id" FROM "paper"'


def told(
    *asked: tuple[str, str, int],
    function: str = "papers",
    line: int = 10,
    walls_ms: tuple[float, ...] = (5,),
    allowed: int | None = None,
) -> dict[str, Any]:
    """(route, statement, calls), all of one request of each route."""
    routes: dict[str, Any] = {}
    for route, _, calls in asked:
        if route:
            entry = routes.setdefault(route, [[0], [int(ms * 1000) for ms in walls_ms]])
            entry[0][0] += calls
    return {
        "queries": sum(calls for *_, calls in asked),
        "routes": routes,
        "statements": [[f"{sql} {function}", route, n, n] for route, sql, n in asked],
        "made": {
            f"{sql} {function}": [sql, ".", "press/views.py", line, function] for _, sql, _ in asked
        },
        "max_queries": allowed,
    }


def suite(**tests: dict[str, Any]) -> Suite:
    """`tests__a="…"` is the test tests/a."""
    found = Suite()
    for name, figures in tests.items():
        found.add(name.replace("__", "/"), figures)
    return found
