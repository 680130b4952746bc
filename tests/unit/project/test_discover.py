"""Projects of many shapes are found, and what is missing is said."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from nuages.config import ConfigError
from nuages.errors import NuagesError
from nuages.project import ProjectNotFound, discover, find_root, source_roots

MANAGE = """\
import os, sys
if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", {})
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
"""
SETTINGS = 'INSTALLED_APPS = []\nROOT_URLCONF = "shop.urls"\n'

Write = Callable[[Mapping[str, str]], Path]


@pytest.fixture(autouse=True)
def no_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def files(texts: Mapping[str, str]) -> Path:
        for name, text in texts.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return files


def manage(expression: str) -> str:
    return MANAGE.format(expression)


def test_a_project_in_a_source_folder_is_called_as_the_folder_above(write: Write) -> None:
    root = write({
        "shop/src/manage.py": manage('"shop.settings"'), "shop/src/shop/settings.py": SETTINGS,
    })  # fmt: skip
    assert discover(root / "shop/src").name == "shop"


def test_a_plain_project(write: Write) -> None:
    root = write({
        "manage.py": manage('"shop.settings"'),
        "shop/settings.py": SETTINGS + 'WSGI_APPLICATION = "shop.wsgi.application"\n',
        "shop/asgi.py": "application = None\n",
    })  # fmt: skip
    project = discover(root)
    assert (project.settings, project.settings_by) == ("shop.settings", "manage.py")
    assert (project.root, project.name) == (root, root.name)
    assert project.python == (sys.executable,)
    assert project.wsgi == "shop.wsgi:application"
    assert project.asgi == "shop.asgi:application"
    assert project.source_roots == {".": root}
    assert project.sys_path == (root,)


@pytest.mark.parametrize(
    "expression",
    [
        'os.environ.get("STAGE_SETTINGS", "conf.settings.local")',
        'os.getenv("STAGE_SETTINGS", default="conf.settings.local")',
        '"conf.settings.%s" % os.environ.get("STAGE", "local")',
        "f\"conf.settings.{os.environ.get('STAGE', 'local')}\"",
        '"conf.settings.{}".format(os.getenv("STAGE") or "local")',
        '"conf.settings." + ("test" if "test" in sys.argv else "local")',
        'config("DJANGO_SETTINGS_MODULE", default="conf.settings.local")',
    ],
)
def test_settings_that_manage_py_computes(write: Write, expression: str) -> None:
    root = write({
        "manage.py": manage(expression),
        "conf/settings/__init__.py": "",
        "conf/settings/local.py": SETTINGS,
        "conf/settings/test.py": SETTINGS,
    })  # fmt: skip
    assert discover(root).settings == "conf.settings.local"


def test_the_environment_decides_as_it_would_for_manage_py(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write({
        "manage.py": manage('"conf." + os.environ.get("STAGE", "local")'),
        "conf/local.py": SETTINGS,
        "conf/docker.py": SETTINGS,
    })  # fmt: skip
    monkeypatch.setenv("STAGE", "docker")
    assert discover(root).settings == "conf.docker"
    assert discover(root, environment={"STAGE": "local"}).settings == "conf.local"
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "conf.local")
    assert discover(root).settings == "conf.local"
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "another.project")
    assert discover(root).settings == "conf.docker", "of another project"


def test_settings_for_a_test_run_come_last(write: Write) -> None:
    root = write({
        "manage.py": "import os, sys, django\n"
        'if "test" in sys.argv:\n'
        '    os.environ["DJANGO_SETTINGS_MODULE"] = "shop.test_settings"\n'
        "else:\n"
        '    os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"\n',
        "shop/settings.py": SETTINGS,
        "shop/test_settings.py": SETTINGS,
    })  # fmt: skip
    assert discover(root).settings == "shop.settings"


def test_variables_that_manage_py_sets_are_set(write: Write) -> None:
    root = write({
        "manage.py": manage('"shop.settings"').replace(
            "    from", '    os.environ.setdefault("DJANGO_CONFIGURATION", "Dev")\n    from'
        ),
        "shop/settings.py": SETTINGS,
    })  # fmt: skip
    assert discover(root).environment["DJANGO_CONFIGURATION"] == "Dev"


def test_folders_that_manage_py_adds_to_sys_path(write: Write) -> None:
    root = write({
        "manage.py": "from pathlib import Path\nimport sys\nhere = Path(__file__).parent\n"
        'sys.path.insert(0, str(here / "apps"))\n' + manage('"shop.settings"'),
        "apps/shop/settings.py": SETTINGS,
    })  # fmt: skip
    assert discover(root).sys_path == (root, root / "apps")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pytest.ini", "[pytest]\nDJANGO_SETTINGS_MODULE = shop.settings\n"),
        ("setup.cfg", "[tool:pytest]\naddopts = --ds=shop.settings\n"),
        ("tox.ini", "[testenv]\nsetenv =\n    DJANGO_SETTINGS_MODULE=shop.settings\n"),
        ("pyproject.toml", '[tool.pytest.ini_options]\nDJANGO_SETTINGS_MODULE = "shop.settings"\n'),
        ("pyproject.toml", '[tool.django-stubs]\ndjango_settings_module = "shop.settings"\n'),
        ("pyproject.toml", '[tool.nuages]\nsettings = "shop.settings"\n'),
        (".env", "DJANGO_SETTINGS_MODULE=shop.settings\n"),
        ("shop/wsgi.py", 'import os\nos.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"\n'),
        ("README", "nothing says it, but there is only one\n"),
    ],
)
def test_without_manage_py_others_say_it(write: Write, file: str, text: str) -> None:
    root = write({file: text, "shop/settings.py": SETTINGS})
    assert discover(root).settings == "shop.settings"


def test_a_src_layout(write: Write) -> None:
    root = write({
        "pyproject.toml": '[tool.pytest.ini_options]\nDJANGO_SETTINGS_MODULE = "shop.settings"\n',
        "src/shop/settings.py": SETTINGS,
    })  # fmt: skip
    assert discover(root).sys_path == (root, root / "src")


def test_the_one_project_of_a_monorepo(write: Write) -> None:
    root = write({
        "services/api/manage.py": manage('"shop.settings"'),
        "services/api/shop/settings.py": SETTINGS,
        "services/api/pyproject.toml": '[tool.nuages]\nrecord = "pytest -q"\n',
    })  # fmt: skip
    project = discover(root)
    assert (project.root, project.config.record) == (root / "services/api", "pytest -q")


def test_a_manage_py_that_leaves_it_to_a_module_of_the_package(write: Write) -> None:
    root = write({
        "manage.py": "from shop.manage import main\n\nmain()\n",
        "shop/manage.py": manage('"shop.settings"'),
        "shop/settings.py": SETTINGS,
    })  # fmt: skip
    project = discover(root)
    assert (project.root, project.settings) == (root, "shop.settings")


def test_several_projects_of_a_monorepo_are_listed(write: Write) -> None:
    root = write({"a/manage.py": manage('"a.s"'), "b/manage.py": manage('"b.s"')})
    with pytest.raises(ProjectNotFound, match="2 Django projects: a, b") as error:
        discover(root)
    assert str(root / "a") in error.value.hint


def test_nothing_found_says_the_three_ways(write: Write) -> None:
    with pytest.raises(ProjectNotFound) as error:
        discover(write({"README": ""}))
    for way in ("manage.py", "--settings", "[tool.nuages]"):
        assert way in error.value.hint


def test_a_settings_module_that_is_not_there_is_named(write: Write) -> None:
    with pytest.raises(ProjectNotFound, match=r"shop\.settings, named by manage\.py, was not"):
        discover(write({"manage.py": manage('"shop.settings"')}))


def test_nothing_of_the_project_is_executed(write: Write) -> None:
    bomb = "raise SystemExit('executed')\n"
    root = write({
        "manage.py": bomb + manage('"shop.settings"'), "json.py": bomb, "platform.py": bomb,
        "shop/__init__.py": bomb, "shop/settings.py": bomb + SETTINGS, "sitecustomize.py": bomb,
    })  # fmt: skip
    assert discover(root).settings == "shop.settings"


def test_an_installed_project_is_its_package_alone(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = write({
        "venv/lib/site-packages/booking/__init__.py": "",
        "venv/lib/site-packages/booking/settings.py": SETTINGS,
        "venv/lib/site-packages/other/__init__.py": "",
        "here/notes.txt": "",
    })  # fmt: skip
    packages = base / "venv/lib/site-packages"
    monkeypatch.setenv("PYTHONPATH", str(packages))
    project = discover(base / "here", settings="booking.settings")
    assert project.source_roots == {"booking": packages / "booking"}
    assert (project.name, project.root) == ("booking", base / "here")
    assert project.sys_path == (base / "here",)


def test_libraries_and_packages_that_are_told_are_the_projects_code_too(write: Write) -> None:
    root = write({
        "api/manage.py": manage('"shop.settings"'), "api/shop/settings.py": SETTINGS,
        "libs/billing/x.py": "",
    })  # fmt: skip
    roots = discover(root / "api", source_roots=["../libs/billing", "django"]).source_roots
    assert roots["../libs/billing"] == root / "libs/billing"
    assert roots["django"].name == "django"


def test_a_source_root_that_is_nowhere_is_told(write: Write) -> None:
    root = write({"manage.py": manage('"shop.settings"'), "shop/settings.py": SETTINGS})
    with pytest.raises(ConfigError, match=r"'\.\./libs/nowhere' is neither a folder"):
        discover(root, source_roots=["../libs/nowhere"])


def test_required_variables_that_nobody_sets_get_harmless_values(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SET_OUTSIDE", "x")
    root = write({
        "manage.py": manage('"shop.settings"'),
        "shop/settings.py": "from .base import *\nimport os\n"
        'A = os.environ["SET_OUTSIDE"]\nB = os.environ["SET_IN_FILE"]\n'
        'C = int(os.environ["LIMIT"])\n',
        "shop/base.py": "import environ\nenv = environ.Env(DEBUG=(bool, False))\n"
        'D = env.db("DATABASE_URL")\nE = env("DEBUG")\nF = env("OPTIONAL", default="f")\n',
        "shop/production.py": 'import os\nG = os.environ["NOT_IMPORTED"]\n',
        ".env": "SET_IN_FILE=1\n",
    })  # fmt: skip
    project = discover(root)
    assert set(project.environment) == {"DATABASE_URL"}
    assert project.environment["DATABASE_URL"].startswith("postgres://")
    assert {"SET_OUTSIDE", "DEBUG", "OPTIONAL", "NOT_IMPORTED"} <= project.environment_names


def test_the_env_file_is_read(write: Write) -> None:
    root = write({
        "manage.py": manage('"conf." + os.environ["STAGE"]'), "conf/demo.py": SETTINGS,
        "demo.env": "# stage\nexport STAGE='demo' # the one\nEMPTY=\nQUOTED=\"a b\"\n",
    })  # fmt: skip
    project = discover(root, env_file="demo.env")
    assert project.settings == "conf.demo"
    assert project.env_file_values == {"STAGE": "demo", "EMPTY": "", "QUOTED": "a b"}


def test_an_env_file_that_is_not_there_is_told(write: Write) -> None:
    root = write({"manage.py": manage('"shop.settings"'), "shop/settings.py": SETTINGS})
    with pytest.raises(NuagesError, match=r"cannot read the env_file .*no\.env"):
        discover(root, env_file="no.env")


def test_extensions_that_migrations_create(write: Write) -> None:
    root = write({
        "manage.py": manage('"shop.settings"'), "shop/settings.py": SETTINGS,
        "shop/migrations/0001.py": "operations = [TrigramExtension(), CreateExtension('postgis')]\n"
        'SQL = "CREATE EXTENSION IF NOT EXISTS \\"uuid-ossp\\""\n'
        'OWN = "CREATE EXTENSION IF NOT EXISTS %(name)s"\n',
    })  # fmt: skip
    assert discover(root).extensions == {"pg_trgm", "postgis", "uuid-ossp"}


def test_the_root_of_a_folder_inside_a_project(write: Write) -> None:
    root = write({"manage.py": manage('"s"'), "shop/views/x.py": "", "shop/setup.cfg": ""})
    assert find_root(root / "shop" / "views") == root
    assert source_roots(root) == {".": str(root)}
