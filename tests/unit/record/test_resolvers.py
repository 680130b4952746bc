"""Queries that GraphQL's executor makes once the project's resolver has returned."""

from __future__ import annotations

import importlib
import sys
from functools import partial
from types import SimpleNamespace

import pytest

from nuages.record import classes, landmarks, resolvers, sites
from nuages.record.ownership import Ownership

SCHEMA = """
class BookType:
    pass

class Query:
    def resolve_books(root, info):
        return ()
"""


class ExecutionContext:
    """As graphql-core's: it resolves a field, and completes what the resolver gave."""

    def execute_field(self, parent_type, source, field_def):
        result = field_def.resolve(source, None)
        return self.complete_value(result)

    def complete_value(self, result):
        return resolvers.site_in_stack(sys._getframe(), None)


@pytest.fixture
def schema(tmp_path, monkeypatch):
    """A project's module, and an executor that is known to the recorder."""
    (tmp_path / "bookshop_schema.py").write_text(SCHEMA)
    monkeypatch.syspath_prepend(str(tmp_path))
    landmarks.set_ownership(Ownership({".": str(tmp_path)}))
    classes.forget()
    monkeypatch.setattr(resolvers, "is_used", False)
    resolvers.mark(SimpleNamespace(ExecutionContext=ExecutionContext))
    yield importlib.import_module("bookshop_schema")
    sys.modules.pop("bookshop_schema")
    landmarks.set_ownership(Ownership({}))
    classes.forget()


def resolved(resolve, made_of=None):
    field = SimpleNamespace(resolve=resolve)
    number = ExecutionContext().execute_field(SimpleNamespace(graphene_type=made_of), None, field)
    return sites.table[number].qualname if number else ""


def library(default, root, info):
    return ()


def test_the_resolver_that_has_returned_is_to_blame(schema):
    assert resolved(schema.Query.resolve_books) == "Query.resolve_books"


def test_a_resolver_that_a_library_wraps(schema):
    wrapped = partial(partial(library, schema.Query.resolve_books))
    assert resolved(lambda root, info: ()) == ""
    assert resolved(partial(lambda own, *_: (), schema.Query.resolve_books)) == (
        "Query.resolve_books"
    )
    assert resolved(wrapped) == "Query.resolve_books"


def test_the_type_stands_in_for_a_resolver_of_the_librarys(schema):
    assert resolved(partial(library, None), schema.BookType) == "BookType"


def test_without_graphql_no_stack_is_looked_at(schema, monkeypatch):
    monkeypatch.setattr(resolvers, "is_used", False)
    assert resolved(schema.Query.resolve_books) == ""
