"""Facts travel as text, and say which program serves."""

from __future__ import annotations

import sys

import pytest

from nuages.model import Catalog, Facts, FieldFacts, Index, ModelFacts, Table
from nuages.record import facts
from nuages.stated import facts_from

WHOLE = Facts(
    settings_module="shop.settings",
    settings={"DEBUG": False, "CACHES": {"default": {"TIMEOUT": None}}, "MIDDLEWARE": ["a.B"]},
    explicit=frozenset({"DEBUG", "CACHES"}),
    changed=frozenset({"CACHES"}),
    apps={"shop.orders": "orders", "auth": "auth"},
    models=(
        ModelFacts(
            label="orders.Order",
            table="orders_order",
            file="orders/models.py",
            line=12,
            fields=(
                FieldFacts(name="id", column="id", kind="BigAutoField", is_primary=True),
                FieldFacts(name="owner", column="owner_id", kind="ForeignKey", to="auth.User"),
            ),
            parents=("orders.Base",),
            signals=("post_save",),
            overrides=("save", "clean"),
            query_names={"line_set": "line"},
        ),
        ModelFacts(label="auth.User", table="auth_user", is_managed=False),
    ),
    catalogs={
        "default": Catalog(
            vendor="postgresql",
            tables={"t": Table(name="t", indexes=(Index(name="i", columns=("a", "b")),))},
        )
    },
    server="gunicorn",
    django="5.2",
    python="3.12",
)


@pytest.mark.parametrize("told", [WHOLE, Facts(), Facts(settings={"DEBUG": True})])
def test_facts_come_back_as_they_were(told):
    assert facts_from(facts.to_json(told)) == told


@pytest.mark.parametrize("text", ["", None])
def test_nothing_is_no_facts(text):
    assert facts_from(text) == Facts()


def test_what_is_as_by_default_is_not_written():
    assert facts.to_json(Facts(django="5.2")) == '{"django":"5.2","catalogs":{}}'


@pytest.mark.parametrize(
    ("argv", "server"),
    [
        (["manage.py", "runserver"], "runserver"),
        (["manage.py", "runserver_plus", "8000"], "runserver"),
        (["./manage.py", "digest", "--now"], "manage.py digest"),
        (["/usr/bin/django-admin", "migrate"], "manage.py migrate"),
        (["/lib/django/__main__.py", "test"], "manage.py test"),
        (["manage.py"], "manage.py"),
        (["/venv/bin/gunicorn", "shop.wsgi"], "gunicorn"),
        (["/lib/uvicorn/__main__.py", "shop.asgi:app"], "uvicorn"),
        (["/venv/bin/pytest", "-q"], "pytest"),
        (["/lib/pytest/__main__.py"], "pytest"),
        (["py.test"], "pytest"),
        (["celery", "-A", "shop", "worker"], "celery"),
        (["waitress-serve", "x"], "waitress"),
    ],
)  # fmt: skip
def test_servers_by_what_was_started(argv, server):
    assert facts.server(argv) == server


def test_a_server_by_what_it_has_loaded(monkeypatch):
    monkeypatch.setattr(facts, "LOADED", (("only_uwsgi_has_this", "uwsgi"),))
    assert facts.server(["script.py"]) == ""
    monkeypatch.setitem(sys.modules, "only_uwsgi_has_this", sys)
    assert facts.server(["script.py"]) == "uwsgi"
    assert facts.server([]) == "uwsgi"


def test_the_workers_of_gunicorn_decide_what_it_is(monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn.workers", sys)
    assert facts.server(["gunicorn"]) == "uvicorn"


def test_there_are_none_before_settings_are_loaded_and_nothing_loads_them(monkeypatch):
    class Lazy:
        configured = False

        def __getattr__(self, name: str) -> object:
            raise AssertionError(f"{name} would load the settings")

    class Conf:
        settings = Lazy()

    monkeypatch.setitem(sys.modules, "django.conf", Conf)
    facts.forget()
    assert facts.text() == ""


def test_a_fault_is_noted_once_and_not_raised(monkeypatch):
    facts.forget()
    monkeypatch.setattr(facts, "is_configured", lambda: True)
    monkeypatch.setattr(facts, "take", lambda: 1 / 0)
    before = facts.faults.count
    assert [facts.text(), facts.text()] == ["", ""]
    assert facts.faults.count == before + 1
    facts.faults.clear()
    facts.forget()
