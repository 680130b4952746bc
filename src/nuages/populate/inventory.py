"""What the databases hold: the rows that earlier runs and this one made, and the keys of all."""

from __future__ import annotations

from collections.abc import Mapping

from nuages.populate.keys import Listed, Segment, Sequence, Space
from nuages.populate.ledger import Entry
from nuages.populate.planning import TablePlan
from nuages.populate.schema import Table, Unit
from nuages.populate.target import Target


class Inventory:
    """The ledgers of all databases, read once and kept up."""

    def __init__(self, units: tuple[Unit, ...], targets: Mapping[str, Target]) -> None:
        self._targets = targets
        self._alias = {table.table: unit.alias for unit in units for table in unit.tables}
        self._own = {unit.label: unit.tables[-1].table for unit in units}
        self._entries: dict[str, list[Entry]] = {}  # by table
        self._made: dict[str, int] = {}  # by unit
        self._covered: dict[str, dict[str, int]] = {}  # table → foreign key → parents dealt to
        self._closed: set[tuple[str, int, str]] = set()  # table, first row, column
        self._spaces: dict[tuple[str, str], Space] = {}
        for target in targets.values():
            for entry in target.entries():
                self.remember(entry)

    def made(self, label: str) -> int:
        """Rows of a model that runs made."""
        return self._made.get(label, 0)

    def entries(self, table: str) -> list[Entry]:
        """What runs made in a table, in their order."""
        return self._entries.get(table, [])

    def covered(self, table: str) -> dict[str, int]:
        """Foreign key → parents that have their rows already."""
        return dict(self._covered.get(table, {}))

    def open(self, unit: Unit, table: str, column: str) -> list[Entry]:
        """What was made of a unit in a table, whose key of a cycle was not set yet."""
        return [
            entry
            for entry in self.entries(table)
            if entry.unit == unit.label and (table, entry.first, column) not in self._closed
        ]

    def remember(self, entry: Entry) -> None:
        """Take up what the ledger says, or will say."""
        covered = self._covered.setdefault(entry.table, {})
        covered.update({name: max(n, covered.get(name, 0)) for name, n in entry.covers.items()})
        if entry.closes:
            self._closed.add((entry.table, entry.first, entry.closes))
            return
        self._entries.setdefault(entry.table, []).append(entry)
        if self._own.get(entry.unit) == entry.table:
            self._made[entry.unit] = self.made(entry.unit) + entry.rows

    def add(self, unit: Unit, plan: TablePlan) -> None:
        """Remember what was written just now."""
        table = plan.work.table.table
        self.remember(entry_of(unit, plan))
        for name, column in [key for key in self._spaces if key[0] == table]:
            if column in plan.segments:
                more = self._spaces[name, column].with_more(plan.segments[column])
                self._spaces[name, column] = more
            else:
                del self._spaces[name, column]

    def space(self, table: str, column: str) -> Space:
        """The keys of a column so far: of rows that were there, then of those made."""
        if (table, column) not in self._spaces:
            self._spaces[table, column] = self._read_space(table, column)
        return self._spaces[table, column]

    def trees_there(self, table: Table) -> int:
        """The number of a table's last tree."""
        tree = table.tree
        if tree is None:
            return 0
        target = self._target(table.table)
        if tree["kind"] == "nested":
            return target.greatest(table.table, tree["tree"])
        number = 0
        for digit in target.last_text(table.table, tree["path"])[: tree["step"]]:
            number = number * len(tree["alphabet"]) + tree["alphabet"].index(digit)
        return number

    def _target(self, table: str) -> Target:
        alias = self._alias.get(table)
        return self._targets[alias] if alias else next(iter(self._targets.values()))

    def _read_space(self, table: str, column: str) -> Space:
        target = self._target(table)
        made = [entry.segments.get(column) for entry in self.entries(table)]
        segments = [segment for segment in made if segment is not None]
        if len(segments) < len(made) or not segments:
            keys, rows = target.listed(table, column)
            return Space([Listed(keys, rows)])
        first = segments[0]
        before: list[Segment] = []
        if isinstance(first, Sequence):
            keys, rows = target.listed(table, column, below=first.base)
            before = [Listed(keys, rows)]
        return Space([*before, *segments])


def entry_of(unit: Unit, plan: TablePlan) -> Entry:
    """What the ledger says of a table's rows."""
    work = plan.work
    return Entry(
        unit=unit.label,
        table=work.table.table,
        first=work.first,
        rows=work.rows,
        segments={n: s for n, s in plan.segments.items() if not isinstance(s, Listed)},
        covers=plan.covers,
        until=work.until,
    )
