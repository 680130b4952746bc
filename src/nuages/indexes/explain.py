"""Plans of PostgreSQL: what a statement took, and which indexes it went through."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from nuages.indexes.reading import PARAMETER

ANALYZE = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, SUMMARY ON, FORMAT JSON) "
PLAN = "EXPLAIN (FORMAT JSON) "
NODES = 40  # told of a plan
_PERCENT = re.compile(r"%%|%(?!\(?\w*\)?s)|" + PARAMETER.pattern)

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """One run of a statement, or what the planner means to do."""

    nodes: tuple[str, ...]  # from the root down: "Limit", "  Seq Scan on blog_post"
    indexes: frozenset[str]
    cost: float
    ms: float = 0
    buffers: int = 0


def executable(sql: str) -> str:
    """A recorded statement for psycopg: parameters as %s, every other % doubled."""

    def spelled(found: re.Match[str]) -> str:
        text = found[0]
        if text[0] in "'\"":
            return re.sub("%+", "%%", text)
        return "%s" if text.endswith("s") else "%%"

    return _PERCENT.sub(spelled, sql)


def explain(
    connection: Connection, sql: str, values: Sequence[Any], *, analyze: bool = True
) -> Plan:
    """Run it, or only plan it, with its values in its text: as Django sends them."""
    with psycopg.ClientCursor(connection) as cursor:
        cursor.execute(  # the statement was the project's own
            ((ANALYZE if analyze else PLAN) + sql).encode(), tuple(values) if values else None
        )
        row = cursor.fetchone()
    assert row is not None
    return plan_of(row[0][0])


def plan_of(told: dict[str, Any]) -> Plan:
    """A plan from the JSON that EXPLAIN gives."""
    root = told["Plan"]
    nodes = list(_nodes(root))
    return Plan(
        nodes=tuple(_named(depth, node) for depth, node in nodes),
        indexes=frozenset(node["Index Name"] for _, node in nodes if "Index Name" in node),
        cost=float(root.get("Total Cost", 0)),
        ms=float(told.get("Execution Time", 0)),
        buffers=int(root.get("Shared Hit Blocks", 0)) + int(root.get("Shared Read Blocks", 0)),
    )


def described(plan: Plan) -> str:
    """The plan as a tree, a node a line; conditions, which have values in them, are left out."""
    more = (f"… and {len(plan.nodes) - NODES} more nodes",) if len(plan.nodes) > NODES else ()
    return "\n".join((*plan.nodes[:NODES], *more))


def _nodes(node: dict[str, Any], depth: int = 0) -> Iterator[tuple[int, dict[str, Any]]]:
    yield depth, node
    for child in node.get("Plans", ()):
        yield from _nodes(child, depth + 1)


def _named(depth: int, node: dict[str, Any]) -> str:
    name = node["Node Type"]
    if index := node.get("Index Name"):
        name += f" using {index}"
    elif relation := node.get("Relation Name"):
        name += f" on {relation}"
    if node.get("Parent Relationship") in ("SubPlan", "InitPlan"):
        name = f"{node['Parent Relationship']}: {name}"
    return f"{'  ' * depth}{name}{_rows(node)}"


def _rows(node: dict[str, Any]) -> str:
    """How many rows came of it, each time that it ran; nothing where it was only planned."""
    if "Actual Rows" not in node:
        return ""
    rows, times = node["Actual Rows"], node.get("Actual Loops", 1)
    if not times:
        return "  (never run)"
    again = f", {times:,} times" if times > 1 else ""
    return f"  ({rows:,.0f} {'row' if rows == 1 else 'rows'}{again})"
