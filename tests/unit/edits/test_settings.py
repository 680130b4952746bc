"""Settings are edited where the project gives them."""

from __future__ import annotations

from textwrap import dedent

import pytest
from tests.unit.edits.spans import edited

from nuages.codemod import Refusal
from nuages.model import Remedy


def removed(marked: str, name: str = "b") -> str:
    return edited(marked, "remove", Remedy(kind="remove", code=name))


def kept(marked: str) -> str:
    return edited(marked, "setting", Remedy(kind="setting", path="CONN_MAX_AGE", code="default"))


def cached(marked: str) -> str:
    return edited(marked, "setting", Remedy(kind="setting", path="TEMPLATES", code="loaders"))


REMOVED = {
    "a line": (
        'MIDDLEWARE = [\n    "a",\n    «"b"»,  # whatever it did\n    "c",\n]\n',
        'MIDDLEWARE = [\n    "a",\n    "c",\n]\n',
    ),
    "the last line": (
        'MIDDLEWARE = (\n    "a",\n    «"b"»,\n)\n',
        'MIDDLEWARE = (\n    "a",\n)\n',
    ),
    "the first of a line": ('MIDDLEWARE = [«"b"», "c"]\n', 'MIDDLEWARE = ["c"]\n'),
    "the last of a line": ('MIDDLEWARE = ["a", «"b"»]\n', 'MIDDLEWARE = ["a"]\n'),
    "what is added": ("MIDDLEWARE += ['a', «'b'», 'c']\n", "MIDDLEWARE += ['a', 'c']\n"),
    "Windows' line ends": (
        'MIDDLEWARE = [\r\n    "a",\r\n    «"b"»,\r\n]\r\n',
        'MIDDLEWARE = [\r\n    "a",\r\n]\r\n',
    ),
}


@pytest.mark.parametrize(("source", "expected"), REMOVED.values(), ids=REMOVED.keys())
def test_takes_an_entry_out(source, expected):
    assert removed(source) == expected


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ('MIDDLEWARE = [«"b"»]\n', "the only entry"),
        ('MIDDLEWARE = ["a", «"c"»]\n', "another one"),
        ('NAME = «"b"»\n', "no entry of a list"),
        ('MIDDLEWARE = ["a", f(«"b"»)]\n', "no entry of a list"),
    ],
)
def test_takes_nothing_else_out(source, reason):
    with pytest.raises(Refusal, match=reason):
        removed(source)


def test_keeps_what_the_loaders_load():
    source = """\
        TEMPLATES = [{
            "OPTIONS": {
                «"loaders": [
                    "django.template.loaders.filesystem.Loader",
                ]»,
            },
        }]
        """
    assert cached(source) == dedent(
        """\
        TEMPLATES = [{
            "OPTIONS": {
                "loaders": [("django.template.loaders.cached.Loader", [
                    "django.template.loaders.filesystem.Loader",
                ])],
            },
        }]
        """
    )


def test_leaves_loaders_of_a_name_alone():
    with pytest.raises(Refusal, match="not written as a list"):
        cached('T = {«"loaders": LOADERS»}\n')


KEPT = {
    "a dictionary": (
        """\
        DATABASES = {
            «"default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": "site",  # the site's
            }»,
        }
        """,
        """\
        DATABASES = {
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": "site",  # the site's
                "CONN_MAX_AGE": 60,
                "CONN_HEALTH_CHECKS": True,
            },
        }
        """,
    ),
    "a zero": (
        "D = {«'default': {'NAME': 'site', 'CONN_MAX_AGE': 0}»}\n",
        "D = {'default': {'NAME': 'site', 'CONN_MAX_AGE': 60, 'CONN_HEALTH_CHECKS': True}}\n",
    ),
    "of an URL": (
        'DATABASES = {«"default": dj_database_url.config(default=URL, conn_max_age=0)»}\n',
        'DATABASES = {"default": dj_database_url.config('
        "default=URL, conn_max_age=60, conn_health_checks=True)}\n",
    ),
    "of the environment": (
        'DATABASES = {\n    «"default": env.db("DATABASE_URL")»,\n}\nDEBUG = False\n',
        'DATABASES = {\n    "default": env.db("DATABASE_URL"),\n}\n'
        'DATABASES["default"]["CONN_MAX_AGE"] = 60\n'
        'DATABASES["default"]["CONN_HEALTH_CHECKS"] = True\nDEBUG = False\n',
    ),
}


@pytest.mark.parametrize(("source", "expected"), KEPT.values(), ids=KEPT.keys())
def test_keeps_connections(source, expected):
    assert kept(source) == dedent(expected)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ('D = {«"default": {"CONN_MAX_AGE": AGE}»}\n', "CONN_MAX_AGE is AGE"),
        ('D = {«"default": {}»}\n', "empty"),
        ('D = {«"default": MAIN»}\n', "not written as a dictionary"),
        ('MAIN = {«"default": env.db()»}\n', "not assigned by a statement"),
        ('if x:\n    DATABASES = {«"default": env.db()»}\n', "not assigned by a statement"),
    ],
)
def test_leaves_other_databases_alone(source, reason):
    with pytest.raises(Refusal, match=reason):
        kept(source)
