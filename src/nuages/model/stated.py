"""What a project is, apart from what it did: its settings, models and databases' catalogs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldFacts:
    """A concrete field of a model."""

    name: str
    column: str
    kind: str  # the class of Django that it is, or descends from: "BigAutoField", "ForeignKey"
    to: str = ""  # of a relation: the other model, "shop.Customer"
    is_primary: bool = False
    is_null: bool = False
    is_unique: bool = False
    is_indexed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelFacts:
    """A model, and what runs of the project's code when its rows are written."""

    label: str  # "shop.Order"
    table: str
    alias: str = "default"  # database that its rows are written to
    file: str = ""  # as in Location, with `root`; "" for a library's
    line: int = 0
    root: str = "."
    fields: tuple[FieldFacts, ...] = ()
    is_proxy: bool = False
    is_managed: bool = True
    parents: tuple[str, ...] = ()  # multi-table inheritance
    signals: tuple[str, ...] = ()  # "pre_save", "post_delete", … that somebody listens to
    overrides: tuple[str, ...] = ()  # "save", "clean", … that others than Django define
    # How filters and annotations spell the relations from other models: "comment_set" → "comment".
    query_names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """An index as the database has it."""

    name: str
    columns: tuple[str, ...]  # an expression in place of a column stands as the database prints it
    method: str = "btree"
    is_unique: bool = False
    is_primary: bool = False
    is_constraint: bool = False  # cannot be dropped without its constraint
    predicate: str = ""  # of a partial index
    definition: str = ""  # as the database prints it; "" where it prints none
    bytes: int = 0
    scans: int | None = None  # since statistics began; None where none are kept


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table as the database has it."""

    name: str
    rows: int = 0  # as the planner estimates
    bytes: int = 0  # without its indexes
    indexes: tuple[Index, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)  # name → type, "integer"
    key: str = ""  # the column of a single-column primary key
    key_max: int | None = None  # the highest value used so far, of an integer key
    references: Mapping[str, str] = field(default_factory=dict)  # foreign key's column → table


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalog:
    """A database's own account of itself."""

    vendor: str
    version: str = ""
    tables: Mapping[str, Table] = field(default_factory=dict)
    is_production: bool = False  # the project's own database, and not a scratch one
    counted_days: float | None = None  # since when scans of indexes are counted; None: not known


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What the project says of itself, without any secret: see docs/explanation/facts.md.

    The settings are the project's own, also those that were others while it was recorded.
    """

    settings_module: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)  # JSON values; by Django's names
    explicit: frozenset[str] = frozenset()  # settings that the project gives, defaults left out
    changed: frozenset[str] = frozenset()  # settings that nuages' own overlay has changed
    apps: Mapping[str, str] = field(default_factory=dict)  # dotted name → label, in their order
    models: tuple[ModelFacts, ...] = ()
    catalogs: Mapping[str, Catalog] = field(default_factory=dict)  # database alias → catalog
    server: str = ""  # "runserver", "gunicorn", "uvicorn", "pytest", "manage.py test", …
    django: str = ""
    python: str = ""

    def model(self, label: str) -> ModelFacts | None:
        """The model of this label, "shop.Order"."""
        return next((model for model in self.models if model.label == label), None)
