"""Requests: their routes and costs, and what is blamed where no project frame is found."""

from __future__ import annotations

import json


def loops(site, route):
    return [group for group in site.groups(route) if group.loops]


def test_routes_are_named_as_django_spells_them(site):
    names = {s.scope.name for s in site.recording.scopes if s.scope.kind == "request"}
    assert names >= {
        "GET /books/<int:pk>/",
        r"GET /^year/(?P<year>\d+)/$",
        "GET (unmatched)",
        "POST /books/",
        "GET /admin/shelf/book/",
    }


def test_a_scope_has_the_view_the_statuses_and_the_costs_of_its_requests(site):
    books = site.scope("GET /books/<int:pk>/")
    assert books.view == "shelf.views.book"
    assert books.statuses == {"200": 1}
    assert (books.executions, books.queries, books.rows) == (1, 2, 2)
    assert 0 < books.db_ns < books.wall_ns
    assert 0 < books.cpu_ns <= books.wall_ns * 1.5
    assert sum(books.histogram) == 1
    assert site.scope("GET /broken/").statuses == {"500": 1}
    assert site.scope("GET (unmatched)").statuses["404"] == 2


def test_a_request_answered_by_a_middleware_has_the_route_it_would_have_had(site):
    assert site.scope("GET /thread/").statuses == {"200": 1, "302": 1}
    assert site.scope("GET (unmatched)").statuses["302"] == 2


def test_a_converter_that_asks_the_database_is_not_made_to_by_the_recorder(site):
    asking = {
        g.scope.name: g.calls for g in site.recording.groups
        if g.location is not None and g.location.function == "Known.to_python"
    }  # fmt: skip
    assert asking == {"GET /known/<known:pk>/": 1, "GET (unmatched)": 1}


def test_a_request_never_mentions_the_middleware_it_passed(site):
    for group in site.recording.groups:
        for location in (group.location, group.created_at):
            assert location is None or not location.file.startswith("config/")


def test_the_innermost_template_line_is_the_trigger(site):
    triggers = {(g.trigger.file, g.trigger.line) for g in loops(site, "GET /books/")}
    assert triggers == {
        ("shelf/templates/shelf/books.html", 5),
        ("shelf/templates/shelf/tags.html", 2),
    }
    for group in loops(site, "GET /books/"):
        assert group.trigger.kind == "template"
        assert site.text(group.location).startswith("render(request")


def test_a_model_method_called_from_a_template_has_both(site):
    [group] = [g for g in loops(site, "GET /listed/") if g.location.kind != "class"]
    assert group.location.function == "Author.titles"
    assert (group.trigger.file, group.trigger.line) == ("shelf/templates/shelf/listed.html", 2)


def test_a_generic_view_is_blamed_by_its_class(site):
    group = site.about("GET /listed/", "shelf.Author")
    assert (group.location.kind, group.location.function) == ("class", "BookList")
    source = (site.root / "shelf" / "views.py").read_text().splitlines()
    assert source[group.location.line - 1] == "class BookList(ListView):"
    assert group.load.parent.created_at == group.location


def test_a_decorator_that_only_calls_the_view_is_not_blamed(site):
    assert site.about("GET /wrapped/", "shelf.Author").location.function == "BookList"


def test_a_viewset_is_blamed_and_not_its_paginator_or_filter(site):
    groups = [g for g in site.groups("GET /api/paged/$") if "shelf_book" in g.statement.sql]
    named = {g.location.function for g in groups}
    assert {"COUNT(*)" in g.statement.sql for g in groups} == {True, False}
    assert named == {"PagedBookViewSet"}


def test_a_serializer_field_is_the_trigger(site):
    fields = {g.trigger.function: g for g in loops(site, "GET /api/books/$")}
    assert set(fields) == {"BookSerializer.author", "BookSerializer.reviews"}
    author = fields["BookSerializer.author"]
    assert (author.trigger.kind, author.trigger.file) == ("field", "shelf/api.py")
    assert site.text(author.trigger) == "author = AuthorField()"
    assert author.location.function == "BookSerializer"
    assert site.chain(author.load) == "shelf.Book -author-> shelf.Author"


def test_a_view_sets_queryset_attribute_is_where_its_queryset_was_created(site):
    group = site.about("GET /api/books/$", "shelf.Book")
    assert site.text(group.created_at) == "Book.objects.all()"
    assert (group.created_at.file, group.created_at.function) == ("shelf/api.py", "BookViewSet")


def test_an_admin_is_blamed_by_its_class_and_a_library_template_is_named(site):
    route = "GET /admin/shelf/book/"
    [group] = loops(site, route)
    assert group.location.function == "BookAdmin.author_name"
    assert group.trigger.root == ""
    assert group.trigger.file == "admin/change_list.html"
    assert group.load.parent.created_at.function == "BookAdmin"
    session = next(g for g in site.groups(route) if "django_session" in g.statement.sql)
    assert session.location is None


def test_a_stream_belongs_to_its_request_until_it_ends(site):
    export = site.scope("GET /export/")
    assert (export.executions, export.queries) == (2, 6)  # the second was never read
    [group] = loops(site, "GET /export/")
    assert site.text(group.location) == "b.author"
    assert export.cpu_ns > 0


def test_threads_and_pools_stay_in_the_scope(site):
    [group] = loops(site, "GET /pool/")
    assert (group.calls, group.location.function) == (3, "name_of")
    assert site.scope("GET /thread/").queries == 1


def test_asynchronous_views_and_streams_are_recorded_like_others(site):
    for route, function in [
        ("GET /async/", "asynchronous"),
        ("GET /export-async/", "export_async.<locals>.lines"),
    ]:
        [group] = loops(site, route)
        assert group.location.function == function
        assert site.text(group.location) == "await Author.objects.aget(pk=b.author_id)"
        assert site.scope(route).queries == 6
        assert site.scope(route).cpu_ns > 0


def test_a_view_that_runs_in_a_thread_under_asgi_is_blamed_itself(site):
    assert site.scope("GET /async-books/").queries == 11
    for group in loops(site, "GET /async-books/"):
        assert group.location.function == "books"


def test_a_request_whose_client_does_not_wait_is_no_error_of_the_site(site):
    assert site.scope("POST (unmatched)").statuses == {"499": 1}


def test_the_figures_of_the_last_request_are_at_hand(site):
    figures = json.loads((site.root / "visit-deep.json").read_text())["figures"]
    assert figures["/books/1/"]["route"] == "GET /books/<int:pk>/"
    assert figures["/books/1/"]["queries"] == 2
    assert figures["/export/"]["queries"] == 6
    assert figures["/async-books/"]["route"] == "GET /async-books/"
    assert figures["/async-books/"]["cpu_ns"] > 0
