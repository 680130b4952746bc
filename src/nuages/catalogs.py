"""Catalogs as the agent tells them, and as a recording's file holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nuages.model import Catalog, Index, Table


def catalogs_from(told: Mapping[str, Mapping[str, Any]]) -> dict[str, Catalog]:
    """Catalogs by alias, from the JSON values that `dataclasses.asdict` makes of them."""
    return {alias: _catalog(value) for alias, value in told.items()}


def _catalog(value: Mapping[str, Any]) -> Catalog:
    tables = {name: _table(table) for name, table in value["tables"].items()}
    return Catalog(**{**value, "tables": tables})


def _table(value: Mapping[str, Any]) -> Table:
    return Table(**{**value, "indexes": tuple(_index(index) for index in value["indexes"])})


def _index(value: Mapping[str, Any]) -> Index:
    return Index(**{**value, "columns": tuple(value["columns"])})
