"""A setting's place is found as Python would execute the settings, whatever way they are split."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from nuages.cases import Case
from nuages.code import Code
from nuages.grounds.settings_code import (
    assignments,
    find,
    is_development,
    locate,
    settings_module,
    settings_modules,
)
from nuages.model import Facts, Location, Recording

MakeCase = Callable[..., Case]
BASE = """\
    DEBUG = False
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "CONN_MAX_AGE": 0,
        }
    }
    MIDDLEWARE = [
        "django.middleware.common.CommonMiddleware",
        "shop.middleware.Timing",
    ]
"""


@pytest.fixture
def case(tmp_path: Path) -> MakeCase:
    """A project of these files, with the first one as its settings unless another is named."""

    def make(
        files: Mapping[str, str], settings: Mapping[str, Any] | None = None, module: str = ""
    ) -> Case:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text))
        first = next(iter(files)).removesuffix(".py").removesuffix("/__init__")
        facts = Facts(settings_module=module or first.replace("/", "."), settings=settings or {})
        return Case(facts=facts, code=Code({".": str(tmp_path)}))

    return make


def text(case: Case, location: Location | None) -> str:
    """ "file: what is written there"."""
    assert location is not None
    assert location.end_line is not None
    lines = (case.code.roots["."] / location.file).read_text().splitlines()
    span = lines[location.line - 1 : location.end_line]
    span[-1] = span[-1][: location.end_column]
    span[0] = span[0][location.column :]
    return f"{location.file}: {' '.join(line.strip() for line in span)}"


class TestOneFile:
    def test_a_setting_is_its_statement(self, case: MakeCase) -> None:
        found = case({"config/settings.py": BASE})
        assert text(found, locate(found, "DEBUG")) == "config/settings.py: DEBUG = False"

    def test_an_entry_goes_from_its_key_to_the_end_of_its_value(self, case: MakeCase) -> None:
        found = case({"config/settings.py": BASE})
        place = locate(found, "DATABASES", "default", "CONN_MAX_AGE")
        assert text(found, place) == 'config/settings.py: "CONN_MAX_AGE": 0'

    def test_what_is_not_written_is_where_it_would_be(self, case: MakeCase) -> None:
        found = case({"config/settings.py": BASE})
        place = find(found, "DATABASES", "default", "CONN_HEALTH_CHECKS")
        assert place is not None
        assert not place.is_whole
        assert text(found, place.location).startswith('config/settings.py: "default": {')

    def test_an_item_of_a_list_is_named_by_its_text(self, case: MakeCase) -> None:
        found = case({"config/settings.py": BASE})
        place = locate(found, "MIDDLEWARE", "shop.middleware.Timing")
        assert text(found, place) == 'config/settings.py: "shop.middleware.Timing"'

    def test_items_are_counted(self, case: MakeCase) -> None:
        found = case({
            "settings.py": """\
            LOADERS = ["a", "b"]
            TEMPLATES = [{"BACKEND": "x", "OPTIONS": {"loaders": LOADERS}}]
            """
        })  # fmt: skip
        place = locate(found, "TEMPLATES", 0, "OPTIONS", "loaders")
        assert text(found, place) == 'settings.py: "loaders": LOADERS'

    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ("CACHES = dict(default=dict(TIMEOUT=5))", "5"),
            ('MEM = {"TIMEOUT": 5}\nCACHES = {"default": MEM}', '"TIMEOUT": 5'),
            ('MEM = {"TIMEOUT": 5}\nCACHES = {"default": {**MEM, "X": 1}}', '"TIMEOUT": 5'),
            ('CACHES = {"default": A or {"TIMEOUT": 5}}', '"TIMEOUT": 5'),
            ('CACHES = {"default": A if B else {"TIMEOUT": 5}}', '"TIMEOUT": 5'),
            ('CACHES = {"default": A | {"TIMEOUT": 5}}', '"TIMEOUT": 5'),
            ('CACHES = {"default": {}}\nCACHES["default"]["TIMEOUT"] = 5',
             'CACHES["default"]["TIMEOUT"] = 5'),
            ('CACHES = {"default": {}}\nCACHES["default"].update(TIMEOUT=5)', "5"),
            ('CACHES = {"default": {}}\nCACHES["default"].update({"TIMEOUT": 5})', '"TIMEOUT": 5'),
            ('CACHES = {}\nCACHES["default"] = {"TIMEOUT": 5}', '"TIMEOUT": 5'),
            ('CACHES: dict = {"default": {"TIMEOUT": 5}}', '"TIMEOUT": 5'),
            ('class Base:\n    CACHES = {"default": {"TIMEOUT": 5}}', '"TIMEOUT": 5'),
            ('try:\n    CACHES = {"default": {"TIMEOUT": 5}}\nfinally:\n    pass', '"TIMEOUT": 5'),
            ('CACHES = {"default": env.cache("URL", timeout=5)}', "5"),
        ],
    )  # fmt: skip
    def test_ways_to_write_an_entry(self, case: MakeCase, written: str, expected: str) -> None:
        found = case({"settings.py": written})
        place = find(found, "CACHES", "default", "TIMEOUT")
        assert place is not None
        assert place.is_whole
        assert text(found, place.location) == f"settings.py: {expected}"

    def test_a_call_that_reads_the_environment_is_where_its_setting_is(
        self, case: MakeCase
    ) -> None:
        found = case({"settings.py": 'DATABASES = {"default": env.db("DATABASE_URL")}\n'})
        place = locate(found, "DATABASES", "default", "CONN_MAX_AGE")
        assert text(found, place) == 'settings.py: "default": env.db("DATABASE_URL")'

    def test_what_is_added_is_found_and_the_list_itself_is_where_it_begins(
        self, case: MakeCase
    ) -> None:
        found = case({
            "settings.py": """\
            MIDDLEWARE = ["a.A"]
            if X:
                MIDDLEWARE += ["b.B"]
            MIDDLEWARE.insert(0, "c.C")
            MIDDLEWARE = ["d.D"] + MIDDLEWARE
            """
        })  # fmt: skip
        for name in ("a.A", "b.B", "c.C", "d.D"):
            place = locate(found, "MIDDLEWARE", name)
            assert text(found, place) == f'settings.py: "{name}"'
        assert text(found, locate(found, "MIDDLEWARE")) == 'settings.py: MIDDLEWARE = ["a.A"]'


class TestSeveralFiles:
    def test_star_imports_are_followed_and_later_files_win(self, case: MakeCase) -> None:
        found = case({
            "config/settings/production.py": "from .base import *\nDEBUG = True\n",
            "config/settings/base.py": BASE,
        })  # fmt: skip
        assert text(found, locate(found, "DEBUG")) == "config/settings/production.py: DEBUG = True"
        entry = locate(found, "DATABASES", "default", "ENGINE")
        assert text(found, entry).startswith('config/settings/base.py: "ENGINE"')
        assert [m.file for m in settings_modules(found)] == [
            "config/settings/production.py", "config/settings/base.py",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        "line",
        [
            "from config.settings.base import *",
            "from .settings.base import *",
            "from .settings.base import DEBUG",
            "from .settings.base import DEBUG as DEBUG",
            "try:\n    from .settings.base import *\nexcept ImportError:\n    pass",
            "include('settings/*.py')",
            "include(optional('settings/base.py'), scope=globals())",
        ],
    )
    def test_ways_to_import(self, case: MakeCase, line: str) -> None:
        found = case({"config/main.py": f"{line}\n", "config/settings/base.py": BASE})
        assert text(found, locate(found, "DEBUG")) == "config/settings/base.py: DEBUG = False"

    def test_a_package_s_own_file_is_its_init(self, case: MakeCase) -> None:
        found = case({"settings/__init__.py": "from .base import *\n", "settings/base.py": BASE})
        assert text(found, locate(found, "DEBUG")) == "settings/base.py: DEBUG = False"

    def test_an_entry_of_another_file_s_dictionary(self, case: MakeCase) -> None:
        found = case({
            "live.py": 'from base import *\nDATABASES["default"]["CONN_MAX_AGE"] = 60\n',
            "base.py": BASE,
        })  # fmt: skip
        place = locate(found, "DATABASES", "default", "CONN_MAX_AGE")
        assert text(found, place) == 'live.py: DATABASES["default"]["CONN_MAX_AGE"] = 60'

    def test_what_a_later_file_replaces_as_a_whole_is_gone(self, case: MakeCase) -> None:
        found = case({
            "live.py": 'from base import *\nDATABASES = {"default": {"ENGINE": "x"}}\n',
            "base.py": BASE,
        })  # fmt: skip
        place = locate(found, "DATABASES", "default", "CONN_MAX_AGE")
        assert text(found, place) == 'live.py: "default": {"ENGINE": "x"}'

    def test_files_that_import_one_another_end(self, case: MakeCase) -> None:
        found = case({"a.py": "from b import *\nDEBUG = 1\n", "b.py": "from a import *\n"})
        assert text(found, locate(found, "DEBUG")) == "a.py: DEBUG = 1"


class TestConditions:
    BRANCHES = """\
        if LIVE:
            DEBUG = False
        else:
            DEBUG = True
        """

    @pytest.mark.parametrize(("value", "line"), [(False, 2), (True, 4)])
    def test_the_branch_that_gave_the_value_is_the_place(
        self, case: MakeCase, value: bool, line: int
    ) -> None:
        found = case({"settings.py": self.BRANCHES}, {"DEBUG": value})
        place = locate(found, "DEBUG")
        assert place is not None
        assert place.line == line

    def test_a_branch_for_tests_is_not(self, case: MakeCase) -> None:
        found = case({
            "settings.py": """\
            CACHES = {"default": {"TIMEOUT": T}}
            if "test" in sys.argv:
                CACHES["default"]["TIMEOUT"] = 0
            """
        })  # fmt: skip
        place = locate(found, "CACHES", "default", "TIMEOUT")
        assert place is not None
        assert place.line == 1

    def test_conditions_are_told(self, case: MakeCase) -> None:
        found = case({"settings.py": self.BRANCHES})
        conditions = [len(each.conditions) for each in assignments(found, "DEBUG")]
        assert conditions == [1, 1]


class TestNothing:
    def test_a_setting_that_nobody_gives_has_no_place(self, case: MakeCase) -> None:
        found = case({"settings.py": "DEBUG_TOOLBAR = 1\nX.DEBUG = 1\ndef f():\n    DEBUG = 1\n"})
        assert locate(found, "DEBUG") is None

    def test_settings_that_are_not_the_project_s_have_none(self, case: MakeCase) -> None:
        assert (
            locate(case({"shop/urls.py": "DEBUG = 1\n"}, module="vendor.settings"), "DEBUG") is None
        )

    def test_a_file_that_cannot_be_parsed_has_none(self, case: MakeCase) -> None:
        assert locate(case({"settings.py": "DEBUG = (\n"}), "DEBUG") is None

    def test_without_code_there_is_none(self) -> None:
        assert locate(Case(facts=Facts(settings_module="a.b")), "DEBUG") is None


class TestTheModule:
    def test_nothing_names_it_but_only_one_file_looks_like_it(self, tmp_path: Path) -> None:
        (tmp_path / "conf.py").write_text("INSTALLED_APPS = []\nROOT_URLCONF = 'urls'\n")
        (tmp_path / "urls.py").write_text("INSTALLED_APPS = []\n")
        found = settings_module(Case(code=Code({".": str(tmp_path)})))
        assert found is not None
        assert found.file == "conf.py"

    def test_of_several_that_look_like_it_none_is_chosen(self, tmp_path: Path) -> None:
        for name in ("one.py", "two.py"):
            (tmp_path / name).write_text("INSTALLED_APPS = []\nROOT_URLCONF = 'urls'\n")
        assert settings_module(Case(code=Code({".": str(tmp_path)}))) is None

    def test_the_recording_names_it(self, tmp_path: Path) -> None:
        (tmp_path / "one.py").write_text("DEBUG = 1\n")
        case = Case(Recording(meta={"settings": "one"}), code=Code({".": str(tmp_path)}))
        assert locate(case, "DEBUG") is not None

    @pytest.mark.parametrize(
        "name",
        ["config.settings.dev", "local_settings", "shop.settings.test", "tests.settings",
         "settings_local", "config.settings.development", "settings.ci"],
    )  # fmt: skip
    def test_names_of_development(self, name: str) -> None:
        assert is_development(Case(facts=Facts(settings_module=name)))

    @pytest.mark.parametrize(
        "name",
        ["config.settings", "config.settings.production", "latest.settings", "devops.settings",
         "contest.settings", "", "shop.settings.base"],
    )  # fmt: skip
    def test_other_names(self, name: str) -> None:
        assert not is_development(Case(facts=Facts(settings_module=name)))
