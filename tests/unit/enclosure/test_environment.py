"""What of the environment reaches the project: little, and no secret."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from nuages.enclosure import environment, variables_named_in
from nuages.enclosure.environment import harmless, scrambled


def test_only_the_allow_list_and_what_the_project_names_passes(tmp_path: Path) -> None:
    given = {
        "PATH": "/bin", "LC_ALL": "C", "AWS_PROFILE": "live", "SITE_NAME": "Shop",
        "HTTP_PROXY": "http://proxy:3128", "SSH_AUTH_SOCK": "/run/agent",
    }  # fmt: skip
    result = environment(given, scratch=tmp_path, names_in_project={"SITE_NAME"})
    assert result.items() >= {"PATH": "/bin", "LC_ALL": "C", "SITE_NAME": "Shop"}.items()
    assert not result.keys() & {"AWS_PROFILE", "HTTP_PROXY", "SSH_AUTH_SOCK"}


def test_home_and_temporary_folders_are_scratch(tmp_path: Path) -> None:
    result = environment({"HOME": "/root", "TMPDIR": "/big"}, scratch=tmp_path)
    for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"):
        assert Path(result[name]).is_dir()
        assert Path(result[name]).is_relative_to(tmp_path)


def test_what_the_user_says_is_taken_as_it_is(tmp_path: Path) -> None:
    result = environment({}, scratch=tmp_path, extra={"API_TOKEN": "told"})
    assert result["API_TOKEN"] == "told"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DATABASE_URL", "postgres://me:pw@db.corp:5432/shop?sslmode=require",
         "postgres://nuages:nuages@unreachable.invalid:5432/shop?sslmode=require"),
        ("REDIS_URL", "redis://:pw@cache.corp:6379/1", "redis://:nuages@unreachable.invalid:6379/1"),
        ("CACHE_URL", "redis://localhost:6379/0", "redis://localhost:6379/0"),
        ("CACHES", "redis://a:1/0,redis://b:2/0",
         "redis://unreachable.invalid:1/0,redis://unreachable.invalid:2/0"),
        ("DATABASE_URL", "sqlite:///db.sqlite3", "sqlite:///db.sqlite3"),
        ("DB_HOST", "db.corp", "unreachable.invalid"),
        ("DB_HOST", "localhost", "localhost"),
        ("ALLOWED_HOSTS", "shop.example.com,www.example.com", "shop.example.com,www.example.com"),
        ("USE_AUTH", "true", "true"),
        ("USE_AUTH", "1", "1"),
        ("TOKEN_DAYS", "30", "30"),
        ("PAGE_SIZE", "30", "30"),
        ("SECRET_KEY", "", ""),
        ("SITE_NAME", "Shop", "Shop"),
    ],
)  # fmt: skip
def test_values_keep_their_shape(name: str, value: str, expected: str) -> None:
    assert harmless(name, value) == expected


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("sk_live_4eC39HqLyjWDarjtT1zdp7dc", r"\w{2}_\w{4}_[a-zA-Z0-9]{24}"),
        ("0123456789abcdef0123456789abcdef", r"[0-9a-f]{32}"),
        ("3f2504e0-4f89-11d3-9a0c-0305e82c3301", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        ("django-insecure-(x)@!", r"[a-z]{6}-[a-z]{8}-\([a-z]\)@!"),
    ],
)
def test_secrets_become_others_of_their_shape(value: str, shape: str) -> None:
    dummy = harmless("API_SECRET", value)
    assert dummy != value
    assert re.fullmatch(shape, dummy)


@pytest.mark.parametrize(
    ("name", "value", "shape"),
    [
        ("DB_PASS", "hunter2", r"[a-z]{6}\d"),
        ("SMTP_PASS", "hunter2", r"[a-z]{6}\d"),
        ("DB_PW", "48151", r"\d{5}"),
        ("ACCESS_TOKEN", "48151", r"\d{5}"),
        ("SENTRY_DSN", "https://ab@o1.ingest.sentry.io/427", r"https://nuages@unreachable.invalid/\d{3}"),
        ("SLACK", "https://hooks.slack.com/services/T0AB/B0CD/xyz",
         r"https://unreachable.invalid/[a-z]{8}/[A-Z]\d[A-Z]{2}/[A-Z]\d[A-Z]{2}/[a-z]{3}"),
        ("BOT", "https://api.telegram.org/bot123:AbC/send",
         r"https://unreachable.invalid/[a-z]{3}\d{3}:[A-Z][a-z][A-Z]/[a-z]{4}"),
        ("MSSQL", "Server=db;Uid=sa;Pwd=hunter2;", r"Server=db;Uid=sa;Pwd=[a-z]{6}\d;"),
        ("MSSQL", "Pwd={hun;ter2};Server=db", r"Pwd=\{[a-z]{3};[a-z]{3}\d\};Server=db"),
        ("MSSQL", "User Id=sa;Password=hunter2", r"User Id=sa;Password=[a-z]{6}\d"),
        ("BUS", "Endpoint=sb://bus.corp/;SharedAccessKey=hunter2",
         r"Endpoint=sb://bus.corp/;SharedAccessKey=[a-z]{6}\d"),
        ("LIBPQ", "host=db password=hunter2 dbname=shop",
         r"host=db password=[a-z]{6}\d dbname=shop"),
    ],
)  # fmt: skip
def test_a_secret_is_found_by_its_name_or_in_its_address(name: str, value: str, shape: str) -> None:
    dummy = harmless(name, value)
    assert dummy != value
    assert re.fullmatch(shape, dummy), dummy
    for secret in ("hunter2", "hun;ter2", "48151", "427", "T0AB", "xyz", "123:AbC"):
        assert secret not in dummy


def test_a_fernet_key_stays_one() -> None:
    key = base64.urlsafe_b64encode(bytes(range(32))).decode()
    dummy = scrambled("FIELD_KEY", key)
    assert dummy != key
    assert len(base64.urlsafe_b64decode(dummy)) == 32


def test_dummies_are_the_same_in_every_process() -> None:
    assert scrambled("SECRET_KEY", "abcdef!") == scrambled("SECRET_KEY", "abcdef!")
    assert scrambled("SECRET_KEY", "abcdef!") != scrambled("OTHER_KEY", "abcdef!")


def test_names_are_looked_for_in_sources_and_settings_files(tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text('X = os.environ["IN_PYTHON"]')
    (tmp_path / ".env.example").write_text("IN_DOTENV=1\n")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules/a.py").write_text("IN_NODE")
    wanted = ("IN_PYTHON", "IN_DOTENV", "IN_NODE", "NOWHERE")
    assert variables_named_in([tmp_path], wanted) == {"IN_PYTHON", "IN_DOTENV"}
