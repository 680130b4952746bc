"""An index in words: as PostgreSQL creates it, as Django declares it, as a message names it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b

from nuages.model import IndexCondition, IndexIdea, IndexKey

NAME_LIMIT = 30  # Django's own, for the sake of Oracle: models.E034
PARTS = {
    "ExtractYear": "YEAR", "ExtractMonth": "MONTH", "ExtractDay": "DAY", "ExtractHour": "HOUR",
    "ExtractMinute": "MINUTE", "ExtractSecond": "SECOND", "ExtractQuarter": "QUARTER",
    "ExtractWeek": "WEEK", "ExtractWeekDay": "DOW", "ExtractIsoYear": "ISOYEAR",
    "ExtractIsoWeekDay": "ISODOW",
}  # fmt: skip
LOOKUPS = {
    "IS NULL": "{}__isnull=True", "IS NOT NULL": "{}__isnull=False", "IS TRUE": "{}=True",
    "IS FALSE": "{}=False",
}  # fmt: skip


def quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


def create_sql(idea: IndexIdea, name: str) -> str:
    """The statement that creates it on PostgreSQL."""
    keys = ", ".join(key_sql(key) for key in idea.keys)
    where = " AND ".join(condition_sql(condition) for condition in idea.conditions)
    return f"CREATE INDEX {quoted(name)} ON {quoted(idea.table)} USING {idea.method} ({keys})" + (
        f" WHERE {where}" if where else ""
    )


def key_sql(key: IndexKey) -> str:
    """One key of it, with its direction."""
    words = [expression_sql(key), key.opclass, "DESC" if key.is_descending else ""]
    words.append(f"NULLS {key.nulls}" if key.nulls else "")
    return " ".join(filter(None, words))


def expression_sql(key: IndexKey) -> str:
    """What its values are computed by."""
    column = quoted(key.column)
    if not key.function:
        return column
    if key.function in ("Upper", "Lower"):
        return f"{key.function.upper()}({column}::text)"
    local = f"{column} AT TIME ZONE '{key.zone}'" if key.zone else column
    if key.function in PARTS:
        return f"(EXTRACT({PARTS[key.function]} FROM {local}))"
    return f"(({local})::{'date' if key.function == 'TruncDate' else 'time'})"


def condition_sql(condition: IndexCondition) -> str:
    column = quoted(condition.column)
    if condition.test == "IS TRUE":
        return column
    return f"NOT {column}" if condition.test == "IS FALSE" else f"{column} {condition.test}"


def label(idea: IndexIdea) -> str:
    """`blog_post(state, created DESC) WHERE gone IS NULL`, for a reader."""
    keys = ", ".join(_plain(key) for key in idea.keys)
    method = "" if idea.method == "btree" else f" USING {idea.method}"
    where = " AND ".join(condition_sql(one) for one in idea.conditions).replace('"', "")
    return f"{idea.table}({keys}){method}" + (f" WHERE {where}" if where else "")


def _plain(key: IndexKey) -> str:
    return key_sql(key).replace('"', "").replace("::text", "")


def django_index(idea: IndexIdea, fields: Mapping[str, str]) -> str:
    """The entry of Meta.indexes; `fields`: names by column, which stands for itself without."""
    parts = _keys(idea, fields)
    parts.append(f'name="{index_name(idea)}"')
    if idea.conditions:
        lookups = (LOOKUPS[c.test].format(_field(c.column, fields)) for c in idea.conditions)
        parts.append(f"condition=Q({', '.join(lookups)})")
    kind = "GinIndex" if idea.method == "gin" else "models.Index"
    return f"{kind}({', '.join(parts)})"


def _keys(idea: IndexIdea, fields: Mapping[str, str]) -> list[str]:
    if any(key.function or key.nulls for key in idea.keys):
        return [_expression(key, fields) for key in idea.keys]
    names = (
        f'"{"-" if key.is_descending else ""}{_field(key.column, fields)}"' for key in idea.keys
    )
    given = [f"fields=[{', '.join(names)}]"]
    if any(key.opclass for key in idea.keys):
        classes = ", ".join(f'"{key.opclass}"' for key in idea.keys)
        given.append(f"opclasses=[{classes}]")
    return given


def _expression(key: IndexKey, fields: Mapping[str, str]) -> str:
    name = _field(key.column, fields)
    text = f'{key.function}("{name}")' if key.function else f'"{name}"'
    if key.opclass:
        return f'OpClass({text}, name="{key.opclass}")'
    if not (key.is_descending or key.nulls):
        return text
    nulls = f"nulls_{key.nulls.lower()}=True" if key.nulls else ""
    direction = "desc" if key.is_descending else "asc"
    return f"{text if key.function else f'F({text})'}.{direction}({nulls})"


def _field(column: str, fields: Mapping[str, str]) -> str:
    return fields.get(column, column)


def index_name(idea: IndexIdea) -> str:
    """At most 30 characters, the same each time, no other index's of the table."""
    digest = blake2b(create_sql(idea, "").encode(), digest_size=3).hexdigest()
    first = re.sub(r"\W", "_", idea.keys[0].column).strip("_")[:7].strip("_")
    table = re.sub(r"\W", "", idea.table.rpartition(".")[2]).lstrip("_0123456789")
    table = table[:11].rstrip("_") or "t"
    return f"{table}_{first}_{digest}_idx"[:NAME_LIMIT]
