"""Whether pending migrations can run while the version before them still answers requests."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from nuages.errors import NuagesError

# The running version would fail, or lose what it writes.
BREAKS: Mapping[str, str] = {
    "ban-drop-column": "the running version still selects the column: "
    "deploy code without the field first (SeparateDatabaseAndState), drop it in the next release",
    "ban-drop-table": "the running version still reads the table: "
    "deploy code without the model first, drop it in the next release",
    "renaming-column": "the running version asks for the old name: "
    "keep it by db_column, or add a column and move over in two releases",
    "renaming-table": "the running version asks for the old name: keep it by Meta.db_table",
    "adding-required-field": "the running version inserts rows without the column: "
    "give it db_default (Django 5.0), or null=True for one release",
    "ban-drop-default": "the running version inserts rows without the column: "
    "give it db_default (Django 5.0), or null=True for one release",
    "adding-not-nullable-field": "the running version may still write NULL: "
    "make it write values first, and require them in the next release",
    "changing-column-type": "the running version reads and writes the old type: "
    "add a column of the new type and move over in two releases",
    "ban-drop-database": "the running version is connected to it",
    "ban-truncate-cascade": "the running version's rows go",
}
# It would wait: a lock that a large table keeps for long.
LOCKS: Mapping[str, str] = {
    "require-concurrent-index-creation": "writes wait while the index is made: "
    "AddIndexConcurrently, with atomic = False",
    "require-concurrent-index-deletion": "reads and writes wait: RemoveIndexConcurrently",
    "constraint-missing-not-valid": "writes wait while every row is looked at: "
    "AddConstraintNotValid, then ValidateConstraint",
    "adding-foreign-key-constraint": "writes to both tables wait while every row is looked at",
    "disallowed-unique-constraint": "reads and writes wait while the index is made: "
    "make it concurrently, then add the constraint USING INDEX",
    "adding-field-with-default": "every row is written anew: a default that varies",
}
CREATED = re.compile(r'^CREATE TABLE (?:IF NOT EXISTS )?("?[\w.$"]+"?)', re.IGNORECASE)
ALTERED = re.compile(
    r"(?:ALTER TABLE|DROP TABLE|TRUNCATE(?: TABLE)?| ON)\s+"
    r'(?:IF EXISTS\s+)?(?:ONLY\s+)?("?[\w.$"]+"?)',
    re.IGNORECASE,
)
COLUMN = re.compile(r'(?:ADD|ALTER) COLUMN ("(?:[^"]|"")+"|\w+)', re.IGNORECASE)
WHOLE = ("smallint", "integer", "bigint")
SIZED = re.compile(r"(varchar|numeric)\((\d+)(?:,\s*(\d+))?\)")


@dataclass(frozen=True, kw_only=True)
class Hazard:
    """One thing that a pending migration would do to the running version."""

    migration: str  # "shop.0007_stock"
    kind: Literal["breaks", "locks", "unjudged"]
    statement: str  # the SQL, or what cannot be told as SQL
    advice: str
    rule: str = ""  # the linter's name for it


class BreakingMigrationError(NuagesError):
    """A pending migration breaks the version that is running."""

    slug = "migration-breaks"


def find_linter() -> Path | None:
    """The program squawk: beside this interpreter, else on PATH."""
    beside = Path(sysconfig.get_path("scripts")) / "squawk"
    found = str(beside) if beside.is_file() else shutil.which("squawk")
    return Path(found) if found else None


def refuse(hazards: Iterable[Hazard]) -> None:
    """Raise BreakingMigrationError when any of them breaks the running version."""
    breaking = [hazard for hazard in hazards if hazard.kind == "breaks"]
    if breaking:
        first = breaking[0]
        raise BreakingMigrationError(
            f"{first.migration} breaks the running version: {first.advice.partition(':')[0]}",
            hint=first.advice.partition(": ")[2] or "stop the stack, migrate, start it again",
            detail="\n".join(f"{each.migration}: {each.statement}" for each in breaking),
        )


def judge(pending: Sequence[Mapping[str, Any]], linter: Path, *, major: int = 14) -> list[Hazard]:
    """Hazards of the pending migrations, as the agent's call `pending` tells them, in order.

    `major`: PostgreSQL's. Raises NuagesError when the linter does not answer.
    """
    statements = [(told["name"], _one_line(sql)) for told in pending for sql in told["sql"]]
    hazards = [
        Hazard(migration=told["name"], kind="unjudged", statement=what,
               advice="no SQL: see for yourself whether the running version bears it")
        for told in pending for what in told["unjudged"]
    ]  # fmt: skip
    if statements:
        made = {match[1] for _, sql in statements if (match := CREATED.match(sql))}
        widened = set(_widened(pending))
        for number, rule in _lint([sql for _, sql in statements], linter, major):
            migration, sql = statements[number]
            kind, advice = _meaning(rule)
            if kind and not _is_harmless(rule, sql, statements, made, widened):
                hazards.append(Hazard(migration=migration, kind=kind, statement=sql,
                                      advice=advice, rule=rule))  # fmt: skip
    order = {told["name"]: number for number, told in enumerate(pending)}
    return sorted(hazards, key=lambda hazard: order[hazard.migration])


def _meaning(rule: str) -> tuple[Literal["breaks", "locks"] | None, str]:
    if rule in BREAKS:
        return "breaks", BREAKS[rule]
    return ("locks", LOCKS[rule]) if rule in LOCKS else (None, "")


def _is_harmless(
    rule: str, sql: str, statements: Sequence[tuple[str, str]], made: set[str],
    widened: set[tuple[str, str]],
) -> bool:  # fmt: skip
    table = match[1] if (match := ALTERED.search(sql)) else ""
    if table in made:  # the running version does not know it
        return True
    column = match[1] if (match := COLUMN.search(sql)) else ""
    if rule == "ban-drop-default":  # Django adds a column with a default, then drops that
        return not any(_adds_required(other, table, column) for _, other in statements)
    if rule == "changing-column-type":
        return (table.strip('"'), column.strip('"')) in widened
    if rule == "adding-not-nullable-field":  # a column that is added in the same release
        return any(_adds(other, table, column) for _, other in statements)
    return False


def _adds(sql: str, table: str, column: str) -> bool:
    return sql.upper().startswith("ALTER TABLE") and f"{table} ADD COLUMN {column} " in sql


def _adds_required(sql: str, table: str, column: str) -> bool:
    return _adds(sql, table, column) and "NOT NULL" in sql.upper()


def _widened(pending: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for told in pending:
        for each in told["alterations"]:
            if _holds(each["now"], each["was"]):
                yield each["table"], each["column"]


def _holds(now: str, was: str) -> bool:
    """Whether every value of the old type is one of the new, and reads the same."""
    if now == was:
        return True
    if now in WHOLE and was in WHOLE:
        return WHOLE.index(now) >= WHOLE.index(was)
    old, new = SIZED.fullmatch(was), SIZED.fullmatch(now)
    if was.startswith("varchar") and now in ("text", "varchar"):
        return True
    return bool(
        old and new and old[1] == new[1] and old[3] == new[3] and int(new[2]) >= int(old[2])
    )


def _lint(statements: Sequence[str], linter: Path, major: int) -> Iterator[tuple[int, str]]:
    """The number of a statement, and a rule that it breaks."""
    command = [str(linter), "--reporter", "json", "--assume-in-transaction",
               "--pg-version", f"{major}.0", "--stdin-filepath", "pending.sql"]  # fmt: skip
    done = subprocess.run(
        command, input="\n".join(statements) + "\n", capture_output=True, text=True, check=False,
        cwd="/", timeout=60,
    )  # fmt: skip
    try:
        found = json.loads(done.stdout or "[]")
    except ValueError:
        found = None
    if found is None or (done.returncode != 0 and not found):
        raise NuagesError(
            "the linter of migrations did not answer", hint=f"does {linter} run by itself?",
            detail=done.stderr or done.stdout, slug="migration-linter",
        )  # fmt: skip
    yield from ((int(each["line"]), str(each["rule_name"])) for each in found)


def _one_line(sql: str) -> str:
    # The linter tells lines; a statement with a line break of its own keeps to one.
    text = " ".join(sql.split()) if "$$" not in sql and "'" not in sql else sql.replace("\n", " ")
    return text if text.endswith(";") else f"{text};"
