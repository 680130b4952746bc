"""What pytest's summary says of budgets and of the baseline."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from nuages.suite.baseline import Comparison
from nuages.suite.budgets import Broken
from nuages.suite.figures import Made

SHOWN = 10  # of each list
SQL = 90  # characters of a statement
COLUMNS = re.compile(r"\bSELECT .*? FROM ", re.DOTALL)


def title(broken: Sequence[Broken], compared: Comparison | None) -> str:
    """What went wrong, "" where nothing did."""
    parts = [
        "over budget" if broken else "",
        "more than in the baseline" if compared is not None and compared.regressions else "",
    ]
    return " and ".join(filter(None, parts))


def lines(broken: Sequence[Broken], compared: Comparison | None) -> Iterator[str]:
    """What ran over, and what is asked more often."""
    for one in broken[:SHOWN]:
        yield from _broken(one)
    yield from _rest(len(broken) - SHOWN, "budgets")
    if compared is not None:
        yield from _compared(compared)


def _broken(one: Broken) -> Iterator[str]:
    yield f"{one.name}: {one.words} ({one.by})"
    if one.tests:
        more = f" and {len(one.tests) - 1:,} more" if len(one.tests) > 1 else ""
        yield f"    in {one.tests[0]}{more}"
    for calls, asked in one.top:
        yield f"    {calls:,} × {_made(asked.made)}"


def _compared(compared: Comparison) -> Iterator[str]:
    for regression in compared.regressions[:SHOWN]:
        yield f"{regression.name}: {regression.words}"
    yield from _rest(len(compared.regressions) - SHOWN, "tests and routes")
    if compared.changes:
        yield "What is asked more often:"
    for asked, more, tests in compared.changes[:SHOWN]:
        where = f"{asked.route}  " if asked.route else ""
        several = f" at most in {tests:,} tests" if tests > 1 else ""
        yield f"    +{more:,}{several}  {where}{_made(asked.made)}"
    yield from _rest(len(compared.changes) - SHOWN, "statements")


def _rest(number: int, noun: str) -> Iterator[str]:
    if number > 0:
        yield f"    … and {number:,} more {noun}"


def _made(made: Made) -> str:
    sql = COLUMNS.sub("SELECT … FROM ", " ".join(made.sql.split()), count=1)
    return f"{sql[:SQL]}{'…' if len(sql) > SQL else ''}  {made.where}"
