"""Tables to plan, built of columns in a few words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nuages.populate.catalog import TableCatalog, UniqueSet
from nuages.populate.columns import Chunk
from nuages.populate.draft import Work
from nuages.populate.keys import Sequence, Space
from nuages.populate.made import Marked, objects
from nuages.populate.planning import TablePlan, plan
from nuages.populate.pooled import TablePool
from nuages.populate.schema import Column, Relation, Table, Unit

POOL = 100
DAY = 86_400_000_000


def key(name: str = "id") -> Column:
    return Column(column=name, name=name, family="integer", is_key=True, is_auto=True,
                  low=1, high=2**31)  # fmt: skip


def integer(name: str, low: int = 0, high: int = 2**31) -> Column:
    return Column(column=name, name=name, family="integer", low=low, high=high)


def text(name: str, **more: Any) -> Column:
    return Column(column=name, name=name, family="text", **more)


def to(table: str, name: str, **more: Any) -> Column:
    relation = Relation(label=f"app.{table}", table=table, column="id",
                        is_later=more.pop("is_later", False))  # fmt: skip
    return Column(column=name, name=name, family="relation", relation=relation, **more)


def work(
    *columns: Column,
    rows: int,
    parents: Mapping[str, int] | None = None,
    uniques: tuple[tuple[str, ...], ...] = (),
    conditional: Mapping[str, tuple[str, ...]] | None = None,
    pool: Mapping[str, list[Any]] | None = None,
    tree: Mapping[str, Any] | None = None,
    **more: Any,
) -> Work:
    """A table "here" with such columns; `parents` are the rows of other tables."""
    spaces = {name: Space([Sequence(1, count)]) for name, count in (parents or {}).items()}
    images = {c.column: objects((pool or {}).get(c.column, [f"{c.column}{n}" for n in range(POOL)]))
              for c in columns}  # fmt: skip
    table = Table(label="app.Here", table="here", columns=columns, tree=tree)
    unit = Unit(label="app.Here", alias="default", is_own=True, is_link=False, is_user=False,
                to_users=True, is_parent=False, tables=(table,))  # fmt: skip
    sets = [UniqueSet(name="+".join(names), columns=names) for names in uniques]
    sets += [UniqueSet(name=name, columns=names, is_conditional=True)
             for name, names in (conditional or {}).items()]  # fmt: skip
    told: dict[str, Any] = {
        "first": 0, "seed": 1, "since": 0, "until": 700 * DAY, "covered": {}, "flags": {}, **more,
    }  # fmt: skip
    return Work(
        unit=unit,
        table=table,
        catalog=TableCatalog(
            table="here",
            types={c.column: "int4" for c in columns},
            uniques=tuple(sets),
            required=frozenset(c.column for c in columns if not c.is_null),
        ),
        pool=TablePool(
            images=images,
            nulls={n: np.array([v is None for v in values]) for n, values in images.items()},
            rows=POOL,
        ),
        rows=rows,
        space=lambda name, column: spaces.get(name, Space([])),
        greatest=lambda column: 0,
        **told,
    )


def made(planned: TablePlan, *names: str) -> list[tuple[Any, ...]]:
    """The values of some columns, a tuple a row, in two batches."""
    found: list[tuple[Any, ...]] = []
    rows = planned.work.rows
    for batch in np.array_split(np.arange(rows), 2):
        chunk = Chunk(rows=batch, first=planned.work.first, pool=batch % planned.pool.rows)
        found.extend(zip(*(_column(planned, name, chunk) for name in names), strict=True))
    return found


def _column(planned: TablePlan, name: str, chunk: Chunk) -> list[Any]:
    if name not in planned.generators:
        return list(planned.pool.images[name][chunk.pool])
    values, mask = planned.generators[name](chunk)
    told = (values.texts() if isinstance(values, Marked) else values).values.tolist()
    empty = mask.tolist() if mask is not None else [False] * len(told)
    return [None if nothing else value for value, nothing in zip(told, empty, strict=True)]


def planned(*columns: Column, **more: Any) -> TablePlan:
    return plan(work(*columns, **more))
