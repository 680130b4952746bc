"""Pictures tell real changes from what comes of reading, and touch nothing."""

from __future__ import annotations

from contextvars import ContextVar

import pytest
from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.http.request import HttpRequest
from django.utils.functional import SimpleLazyObject, cached_property

from nuages.record.changes import ContextPicture, RequestPicture, ResponsePicture

if not settings.configured:
    settings.configure(DEFAULT_CHARSET="utf-8")

variable: ContextVar[str] = ContextVar("variable", default="")


class Request(HttpRequest):
    @cached_property
    def computed(self):
        return object()


class Rude:
    """Must not be compared."""

    def __eq__(self, other):
        raise AssertionError("compared")

    __hash__ = None


def never():
    raise AssertionError("evaluated")


@pytest.fixture
def request_():
    found = Request()
    found.META = {"REMOTE_ADDR": "127.0.0.1", "odd": Rude()}
    found.user = SimpleLazyObject(never)
    return found


@pytest.mark.parametrize(
    "read",
    [
        lambda r: r.computed,
        lambda r: setattr(r, "_cached_user", object()),
        lambda r: (setattr(r, "_post", {}), setattr(r, "_files", {})),
        lambda r: setattr(r, "path", "".join(r.path)),
    ],
)
def test_a_request_that_was_read_is_the_same(request_, read):
    picture = RequestPicture(request_)
    read(request_)
    assert not picture.compared_with(request_)[1]


@pytest.mark.parametrize(
    "write",
    [
        lambda r: setattr(r, "tenant", "a"),
        lambda r: setattr(r, "user", SimpleLazyObject(never)),
        lambda r: setattr(r, "path", "/other/"),
        lambda r: delattr(r, "user"),
        lambda r: setattr(r, "_post", {"given": "by a middleware"}),
        lambda r: r.META.update(REMOTE_ADDR="10.0.0.1"),
        lambda r: r.META.update(odd=Rude()),
        lambda r: r.META.pop("odd"),
        lambda r: r.COOKIES.update(a="b"),
        lambda r: vars(r.session).update(modified=True),
    ],
)
def test_a_request_that_was_written_to_has_changed(request_, write):
    request_.session = type("Session", (), {})()
    picture = RequestPicture(request_)
    write(request_)
    assert picture.compared_with(request_)[1]


def test_another_request_is_a_change(request_):
    assert RequestPicture(request_).compared_with(Request()) == (False, True)


@pytest.mark.parametrize(
    ("write", "has_changed"),
    [
        (lambda r: r.headers.get("Vary"), False),
        (lambda r: r.content, False),
        (lambda r: r.__setitem__("X-Same", "same"), False),
        (lambda r: setattr(r, "status_code", int("200")), False),
        (lambda r: r.__setitem__("Vary", "Cookie"), True),
        (lambda r: r.__delitem__("X-Same"), True),
        (lambda r: r.set_cookie("a", "b"), True),
        (lambda r: r.write(b"more"), True),
        (lambda r: setattr(r, "content", b"other"), True),
        (lambda r: setattr(r, "status_code", 404), True),
        (lambda r: setattr(r, "note", Rude()), True),
    ],
)
def test_a_response_changes_when_it_is_written_to(write, has_changed):
    response = HttpResponse(b"content")
    response["X-Same"] = "same"
    picture = ResponsePicture(response)
    write(response)
    assert picture.differs_from(response) is has_changed


def test_a_stream_is_not_read_and_another_around_it_is_a_change():
    pieces = iter([b"a", b"b"])
    response = StreamingHttpResponse(pieces)
    picture = ResponsePicture(response)
    assert not picture.differs_from(response)
    response.streaming_content = map(bytes.upper, pieces)
    assert picture.differs_from(response)
    assert b"".join(response.streaming_content) == b"AB"


def test_a_variable_of_the_context_that_is_set_is_a_change():
    picture = ContextPicture()
    assert picture.compared() == (True, False)
    token = variable.set("set")
    assert picture.compared() == (False, True)
    variable.reset(token)
