"""Fills every model of other people's projects: python -m tests.trials.everything [NAME …]."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.trials import populated
from tests.trials.fetching import BASE, HERE, REPOSITORY, CannotSetUp, interpreter, make_environment

from nuages.scratch import Scratch
from nuages.stack.databases import PostgresDatabases, start_postgres

PAGE = REPOSITORY / "docs/reference/populated.md"
USERS = 400
MANAGE = """\
import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{settings}")
execute_from_command_line(sys.argv)
"""
SETTINGS = """\
SECRET_KEY = "nothing to protect in here"
INSTALLED_APPS = [{apps}, "django.contrib.admin", "django.contrib.auth",
    "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages",
    "django.contrib.staticfiles", "django.contrib.postgres", "django.contrib.sites",
    "django.contrib.redirects", "django.contrib.flatpages"]
MIDDLEWARE = []
ROOT_URLCONF = "urls"
TEMPLATES = [{{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
    "OPTIONS": {{"context_processors": ["django.template.context_processors.request",
        "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages"]}}}}]
DATABASES = {{"default": {{"ENGINE": "django.db.backends.postgresql", "NAME": "elsewhere"}}}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
STATIC_URL = "/static/"
{more}
"""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A package, and how a project is made of it."""

    requirements: tuple[str, ...]
    pythons: tuple[str, ...] = ("3.12", "3.13", "3.11")
    apps: str = ""  # of a project that is written here
    settings: str = "settings"
    more: str = ""  # of its settings


SUBJECTS = {
    "wagtail": Subject(
        requirements=("wagtail==8.0.1",),
        apps=", ".join(
            f'"wagtail{name}"'
            for name in (
                ".contrib.forms", ".contrib.redirects", ".contrib.search_promotions",
                ".contrib.settings", ".contrib.simple_translation", ".contrib.styleguide",
                ".contrib.table_block", ".contrib.routable_page", ".embeds", ".sites", ".users",
                ".snippets", ".documents", ".images", ".search", ".admin", "", ".locales",
            )
        ) + ', "modelcluster", "taggit", "django_filters", "rest_framework"',
        more='WAGTAIL_SITE_NAME = "trial"\nWAGTAILADMIN_BASE_URL = "http://localhost"',
    ),
    "oscar": Subject(requirements=("django-oscar[sorl-thumbnail]==4.2.1", "django<6.2")),
    "django-cms": Subject(
        requirements=(
            "django-cms==5.1.3", "djangocms-alias==3.2.0", "djangocms-versioning==2.8.0",
            "djangocms-text==1.0.2", "djangocms-frontend==2.5.3", "django-filer", "django-sekizai",
        ),
        apps='"cms", "menus", "treebeard", "sekizai", "djangocms_alias", "djangocms_versioning",'
        ' "djangocms_text", "djangocms_frontend", "easy_thumbnails", "filer"',
        more='SITE_ID = 1\nLANGUAGES = [("en", "English")]\nLANGUAGE_CODE = "en"\n'
        'CMS_CONFIRM_VERSION4 = True\n'
        'CMS_TEMPLATES = [("page.html", "Page")]\nX_FRAME_OPTIONS = "SAMEORIGIN"',
    ),
    "pretalx": Subject(requirements=("pretalx==2026.1.2",), settings="pretalx.settings"),
    "pretix": Subject(
        requirements=("pretix==2026.8.0",), pythons=("3.11",), settings="pretix.settings"
    ),
    "helpdesk-wiki": Subject(
        requirements=("django-helpdesk", "wiki", "django<6"),
        apps='"django.contrib.humanize", "helpdesk", "django_nyt", "mptt",'
        ' "sekizai", "sorl.thumbnail", "wiki", "wiki.plugins.attachments",'
        ' "wiki.plugins.notifications", "wiki.plugins.images"',
        more='SITE_ID = 1\nHELPDESK_TEAMS_MODEL = "auth.Group"\n'
        "HELPDESK_TEAMS_MIGRATION_DEPENDENCIES = []",
    ),
    "django-ledger": Subject(
        requirements=("django-ledger",), apps='"django_ledger"', more="SITE_ID = 1"
    ),
    "netbox": Subject(
        requirements=("netbox",),
        more="import os\nimport sys\nimport types\n"
        'told = sys.modules["told"] = types.ModuleType("told")\n'
        'told.ALLOWED_HOSTS, told.SECRET_KEY = ["*"], "trial" * 12\n'
        'told.API_TOKEN_PEPPERS = {1: "trial" * 12}\n'
        'told.DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "x"}}\n'
        'told.REDIS = {"tasks": {"HOST": "x"}, "caching": {"HOST": "x"}}\n'
        'os.environ["NETBOX_CONFIGURATION"] = "told"\n'
        "from netbox.settings import *  # noqa: F403",
    ),
    "nautobot": Subject(
        requirements=("nautobot==3.2.7",),
        pythons=("3.11", "3.12"),
        more='from nautobot.core.settings import *  # noqa: F403\nSECRET_KEY = "trial" * 12\n'
        'DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "x"}}\n'
        'CONSTANCE_DATABASE_CACHE_BACKEND = ""',
    ),
}  # fmt: skip


def main() -> int:
    """Fill each that was asked for; 1 when one did not end well."""
    parser = argparse.ArgumentParser(prog="python -m tests.trials.everything")
    parser.add_argument(
        "--write", action="store_true", help=f"write {PAGE.relative_to(REPOSITORY)}"
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SUBJECTS)}")
    options = parser.parse_args()
    names = options.names or list(SUBJECTS)
    if unknown := set(names) - set(SUBJECTS):
        parser.error(f"no trial is named {', '.join(sorted(unknown))}")
    with Scratch() as scratch, start_postgres(scratch.path) as databases:
        ended_well = [attempt(name, databases) for name in names]
    if options.write:
        known = {s.requirements[0]: told for name, s in SUBJECTS.items() if (told := read(name))}
        PAGE.write_text(populated.page(known))
    return 0 if all(ended_well) else 1


def attempt(name: str, databases: PostgresDatabases) -> bool:
    """Set one up, fill it, and say what was not filled."""
    subject = SUBJECTS[name]
    folder = BASE / "everything" / name
    folder.mkdir(parents=True, exist_ok=True)
    try:
        python = make_environment(
            folder, (*subject.requirements, "psycopg[binary]"), interpreter(subject.pythons)
        )
    except (CannotSetUp, subprocess.CalledProcessError) as error:
        print(f"{name}: not set up: {error}", file=sys.stderr)
        return isinstance(error, CannotSetUp)
    project = HERE / "shop" if name == "oscar" else write(folder / "project", subject)
    url = f"postgres://nuages@/nuages_{name.replace('-', '_')}?host={databases.socket_dir}"
    done = subprocess.run(
        [
            sys.executable, "-m", "nuages", "populate", str(project), "--python", str(python),
            "--settings", subject.settings, "--users", str(USERS), "--everything", "--json",
            "--database", url,
        ],
        stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        print(f"{name}: ended with {done.returncode}")
        return False
    (folder / "told.json").write_text(done.stdout)
    told = json.loads(done.stdout)
    show(name, told)
    return all(told["read"].values())


def write(folder: Path, subject: Subject) -> Path:
    """The small project that a library needs around it."""
    folder.mkdir(exist_ok=True)
    (folder / "manage.py").write_text(MANAGE.format(settings=subject.settings))
    (folder / "urls.py").write_text("urlpatterns = []\n")
    if subject.settings == "settings":
        text = SETTINGS.format(apps=subject.apps, more=subject.more) if subject.apps else None
        (folder / "settings.py").write_text(text or f"{subject.more}\n")
    return folder


def show(name: str, told: dict[str, Any]) -> None:
    """How many models got rows, and which did not."""
    print(f"{name}: {len(told['rows'])} of {len(told['planned'])} models,"
          f" {sum(told['rows'].values()):,} rows in {told['seconds']:.0f} s")  # fmt: skip
    for label, why in told["skipped"].items():
        print(f"  not filled: {label}: {why}")
    for label, reasons in told["refused"].items():
        print(f"  full_clean() of a sample of {label}: {reasons}")


def read(name: str) -> dict[str, Any] | None:
    """What the last run on a subject told."""
    told = BASE / "everything" / name / "told.json"
    return json.loads(told.read_text()) if told.is_file() else None


if __name__ == "__main__":
    sys.exit(main())
