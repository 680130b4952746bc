"""Rows for a project's databases: a few hundred a model, or the volume of production."""

from nuages.populate.databases import grow_databases, is_generic, prepare_databases
from nuages.populate.verb import Populated, PopulateOptions, populate

__all__ = [
    "PopulateOptions",
    "Populated",
    "grow_databases",
    "is_generic",
    "populate",
    "prepare_databases",
]
