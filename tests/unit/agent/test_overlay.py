"""Settings of a process are overlaid however they came about, and put back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import django
import pytest

SOURCE = Path(__file__).parents[3] / "src"
POSTGRES = {"host": "/nowhere", "port": 5432, "user": "nuages", "prefix": "nuages_a"}
REDIRECTED = {"NAME": "nuages_a_default", "HOST": "/nowhere", "USER": "nuages", "PASSWORD": ""}
BASE = """
SECRET_KEY = "x"
INSTALLED_APPS = []
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "shop", "HOST": "db",
                         "USER": "shop", "PASSWORD": "hunter2", "CONN_MAX_AGE": 60}}
"""
ATTACH = """
import json, os, sys, tempfile
from nuages.agent.attach import AttachConfig, attach
attach(AttachConfig(overlay=json.loads(os.environ["OVERLAY"]), scratch=os.environ["SCRATCH"]))
def tell(value): print("@@" + json.dumps(value, default=str))
"""
SHOW = """
from django.conf import settings
from nuages.agent import overlay
tell({"settings": {name: getattr(settings, name) for name in os.environ["NAMES"].split()},
      "applied": overlay.applied(), "vendors": overlay.own_vendors()})
"""


class Process:
    """Runs code in a process of its own that is attached before Django is imported."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def run(
        self, code: str = SHOW, *, names: str = "DATABASES", overlay: object = None, **env: str
    ) -> Any:
        told = {"postgres": POSTGRES, "services": True} if overlay is None else overlay
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", ATTACH + code], capture_output=True, text=True,
            check=False, cwd=self.folder, env={
                **os.environ, "PYTHONPATH": f"{SOURCE}:{self.folder}", "OVERLAY": json.dumps(told),
                "DJANGO_SETTINGS_MODULE": "conf", "NAMES": names,
                "SCRATCH": str(self.folder / "scratch"), **env,
            },
        )  # fmt: skip
        told_lines = [line for line in done.stdout.splitlines() if line.startswith("@@")]
        assert told_lines, done.stderr
        return json.loads(told_lines[-1][2:])

    def show(self, names: str, **options: Any) -> dict[str, Any]:
        return dict(self.run(names=names, **options)["settings"])


@pytest.fixture
def process(tmp_path: Path) -> Process:
    made = Process(tmp_path)
    made.write({"conf.py": BASE})
    return made


def test_a_settings_module(process: Process) -> None:
    seen = process.run()
    default = seen["settings"]["DATABASES"]["default"]
    assert REDIRECTED.items() <= default.items()
    assert default["CONN_MAX_AGE"] == 60
    assert seen["vendors"] == {"default": "postgresql"}
    assert {
        "setting": "DATABASES['default']", "was": "django.db.backends.postgresql shop db",
        "now": "django.db.backends.postgresql nuages_a_default /nowhere:5432",
        "why": "a scratch database",
    } in seen["applied"]  # fmt: skip
    assert "hunter2" not in json.dumps(seen["applied"])


@pytest.mark.parametrize(
    "files",
    [
        {"conf/__init__.py": "from .local import *", "conf/base.py": BASE,
         "conf/local.py": "from .base import *\nDATABASES['default']['HOST'] = 'localhost'\n"},
        {"conf.py": BASE + "import os\nDATABASES['default']['NAME'] = os.environ['PATH'][:4]\n"},
        {"conf.py": BASE + "class Lazy(dict):\n    pass\nDATABASES = Lazy(DATABASES)\n"},
        {"conf.py": "import sys\nfrom types import ModuleType\n"
         "class Computed(ModuleType):\n"
         "    def __dir__(self):\n        return ['SECRET_KEY', 'DATABASES']\n"
         "    def __getattr__(self, name):\n"
         "        import base\n        return getattr(base, name)\n"
         "sys.modules[__name__] = Computed(__name__)\n", "base.py": BASE},
    ],
    ids=["package", "environment", "dict class", "module class"],
)  # fmt: skip
def test_settings_of_other_shapes(process: Process, files: dict[str, str]) -> None:
    if "conf/__init__.py" in files:
        (process.folder / "conf.py").unlink()
    process.write(files)
    assert REDIRECTED.items() <= process.show("DATABASES")["DATABASES"]["default"].items()


def test_settings_that_are_configured_by_hand(process: Process) -> None:
    configure = (
        "from django.conf import settings, global_settings\nimport conf\n"
        "settings.configure(DATABASES=conf.DATABASES, SECRET_KEY='x', MEDIA_ROOT='/srv')\n"
    )
    seen = process.run(configure + SHOW, names="DATABASES MEDIA_ROOT EMAIL_BACKEND")["settings"]
    assert REDIRECTED.items() <= seen["DATABASES"]["default"].items()
    assert seen["MEDIA_ROOT"] == str(process.folder / "scratch" / "media")
    assert Path(seen["MEDIA_ROOT"]).is_dir()
    assert seen["EMAIL_BACKEND"] == "nuages.agent.scratch_mail.EmailBackend"


def test_a_settings_module_that_reads_the_settings_is_described_as_it_is_in_the_end(
    process: Process,
) -> None:
    early = "from django.conf import settings\nsettings.DEBUG\n"
    process.write({"conf.py": early + BASE + 'EMAIL_BACKEND = "shop.mail.Backend"\n'})
    seen = process.run()
    was = {entry["setting"]: entry["was"] for entry in seen["applied"]}
    assert "SECRET_KEY" not in was
    assert was["EMAIL_BACKEND"] == "shop.mail.Backend"
    assert REDIRECTED.items() <= seen["settings"]["DATABASES"]["default"].items()


def test_settings_that_were_loaded_before(process: Process) -> None:
    late = """
from django.conf import settings
overlay.uninstall()
assert settings.DATABASES["default"]["NAME"] == "shop", settings.DATABASES
overlay.install(config)
assert settings.DATABASES["default"]["NAME"] == "nuages_a_default"
overlay.uninstall()
assert settings.DATABASES["default"]["NAME"] == "shop"
assert settings.EMAIL_BACKEND == "django.core.mail.backends.smtp.EmailBackend"
assert "ScratchStorage" not in str(settings.STORAGES)
assert "nuages" not in str(os.environ.get("CELERY_BROKER_URL"))
from django import conf
assert conf.Settings.__init__.__module__ == conf.LazySettings.configure.__module__ == "django.conf"
assert not hasattr(conf.Settings.__init__, "__wrapped__")
tell("done")
"""
    config = (
        "from nuages.agent import overlay\n"
        "config = AttachConfig(overlay=json.loads(os.environ['OVERLAY']), scratch='/nowhere')\n"
    )
    assert process.run(config + late) == "done"


def test_code_that_imports_the_settings_module_sees_the_same(process: Process) -> None:
    code = "from django.conf import settings\nsettings.DATABASES\nimport conf\ntell(conf.DATABASES)"
    assert process.run(code)["default"]["NAME"] == "nuages_a_default"


def test_a_database_that_is_added_while_running_is_redirected(process: Process) -> None:
    code = """
from django.db import connections
connections.databases["tenant"] = dict(connections.databases["default"], NAME="tenant", HOST="db")
wrapper = connections["tenant"]
from nuages.agent import overlay
tell([wrapper.settings_dict["NAME"], wrapper.settings_dict["HOST"], overlay.applied()[-1]["was"]])
"""
    name, host, was = process.run(code)
    assert (name, host) == ("nuages_a_tenant", "/nowhere")
    assert was == "django.db.backends.postgresql tenant db:5432"


def test_settings_of_another_class_reach_no_real_database(process: Process) -> None:
    code = """
import conf, types
from django import conf as django_conf
django_conf.settings._wrapped = types.SimpleNamespace(
    DATABASES=conf.DATABASES, DATABASE_ROUTERS=[], USE_TZ=True, DEBUG=False, FORCE_SCRIPT_NAME=None)
from django.db import connection
tell(connection.settings_dict)
"""
    assert process.run(code)["NAME"] == "nuages_a_default"


def test_no_database_stays_none(process: Process) -> None:
    process.write({"conf.py": BASE + "DATABASES = {}\n"})
    assert process.show("DATABASES") == {"DATABASES": {}}


def test_sqlite_files_are_in_the_folder_told(process: Process) -> None:
    overlay = {"sqlite": {"dir": "/nowhere", "prefix": "nuages_a"}}
    default = process.show("DATABASES", overlay=overlay)["DATABASES"]["default"]
    assert default["ENGINE"] == "django.db.backends.sqlite3"
    assert default["NAME"] == "/nowhere/nuages_a_default.sqlite3"


def test_services_alone_leave_databases_untouched(process: Process) -> None:
    seen = process.show("DATABASES EMAIL_BACKEND", overlay={"services": True})
    assert seen["DATABASES"]["default"]["NAME"] == "shop"
    assert "scratch_mail" in seen["EMAIL_BACKEND"]


def test_databases_alone_leave_services_untouched(process: Process) -> None:
    seen = process.show("DATABASES EMAIL_BACKEND", overlay={"postgres": POSTGRES})
    assert "smtp" in seen["EMAIL_BACKEND"]


def test_flags_are_set(process: Process) -> None:
    overlay = {"flags": {"NEW_CHECKOUT": True}}
    assert process.show("NEW_CHECKOUT", overlay=overlay) == {"NEW_CHECKOUT": True}


def test_caches_are_in_memory_and_keep_their_own_keys(process: Process) -> None:
    process.write({"conf.py": BASE + """
CACHES = {
    "default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://:pw@cache/1",
                "TIMEOUT": 7, "KEY_PREFIX": "p", "OPTIONS": {"CLIENT_CLASS": "x"}},
    "none": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
}
SESSION_ENGINE = "redis_sessions.session"
"""})  # fmt: skip
    seen = process.show("CACHES SESSION_ENGINE")
    assert seen["CACHES"]["default"] == {
        "BACKEND": "nuages.agent.scratch_cache.ScratchCache", "LOCATION": "nuages-default",
        "TIMEOUT": 7, "KEY_PREFIX": "p", "OPTIONS": {"MAX_ENTRIES": 100_000},
    }  # fmt: skip
    assert seen["CACHES"]["none"]["BACKEND"].endswith("DummyCache")
    assert seen["SESSION_ENGINE"] == "django.contrib.sessions.backends.cache"


def test_a_cache_has_what_projects_use_of_its_servers_client(process: Process) -> None:
    process.write({"conf.py": BASE + 'CACHES = {"default": {"BACKEND": "x.Redis"}}\n'})
    code = """
from django.core.cache import cache
first, second = cache.set("a b", 1, nx=True), cache.set("a b", 2, nx=True)
cache.set("c", 3, timeout=None)
with cache.lock("l", timeout=5):
    pass
tell([first, second, cache.get("a b"), sorted(cache.keys("*")), cache.ttl("c"), cache.ttl("no"),
      cache.expire("c", 50), cache.ttl("c") in (49, 50), cache.delete_pattern("a*"), cache.keys()])
"""
    assert process.run(code) == [True, False, 1, ["a b", "c"], None, 0, True, True, 1, ["c"]]


def test_mail_is_kept(process: Process) -> None:
    process.write({"conf.py": BASE + 'EMAIL_BACKEND = "anymail.backends.mailgun.EmailBackend"\n'})
    code = """
from django.core import mail
mail.send_mail("s", "b", "a@example.com", ["b@example.com"])
tell([len(mail.outbox), mail.outbox[0].to])
"""
    assert process.run(code) == [1, ["b@example.com"]]


@pytest.mark.skipif(django.VERSION < (6, 1), reason="MAILERS came with Django 6.1")
def test_mailers_are_kept_too(process: Process) -> None:
    process.write(
        {
            "conf.py": BASE
            + """
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend",
                       "OPTIONS": {"host": "smtp.example.com"}}, "bulk": {"BACKEND": "x.Y"}}
"""
        }
    )
    code = """
from django.core import mail
for using in ("default", "bulk"):
    mail.send_mail("s", "b", "a@example.com", ["b@example.com"], using=using)
tell([message.sent_using for message in mail.outbox])
"""
    assert process.run(code) == ["default", "bulk"]


LEGACY = 'DEFAULT_FILE_STORAGE = "storages.backends.s3boto3.S3Boto3Storage"\n'
STORAGES = """
STORAGES = {
    "default": {"BACKEND": "storages.backends.s3boto3.S3Boto3Storage", "OPTIONS": {"bucket": "b"}},
    "private": {"BACKEND": "django.core.files.storage.FileSystemStorage",
                "OPTIONS": {"location": "/srv/private", "base_url": "/p/"}},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
"""


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(LEGACY, marks=pytest.mark.skipif(
            django.VERSION >= (5, 1), reason="DEFAULT_FILE_STORAGE went with Django 5.1")),
        pytest.param(STORAGES),
        pytest.param('MEDIA_ROOT = "media"\n'),
    ],
    ids=["DEFAULT_FILE_STORAGE", "STORAGES", "MEDIA_ROOT"],
)  # fmt: skip
def test_files_stay_in_the_scratch_folder(process: Process, files: str) -> None:
    process.write({"conf.py": BASE + files + 'MEDIA_URL = "/m/"\n'})
    code = """
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
name = default_storage.save("a/b.txt", ContentFile(b"x"))
tell([default_storage.path(name), default_storage.url(name)])
"""
    path = process.folder / "scratch" / "media" / "a" / "b.txt"
    assert process.run(code) == [str(path), "/m/a/b.txt"]


def test_a_path_stays_a_path(process: Process) -> None:
    files = "from pathlib import Path\nMEDIA_ROOT = Path('media')\n"
    process.write({"conf.py": BASE + files})
    code = "from django.conf import settings\nsettings.DEBUG\nimport conf\n"
    media = str(process.folder / "scratch" / "media" / "a.png")
    for name in ("settings", "conf"):
        assert process.run(code + f'tell(str({name}.MEDIA_ROOT / "a.png"))') == media


def test_other_storages_and_static_files(process: Process) -> None:
    process.write({"conf.py": BASE + STORAGES})
    seen = process.show("STORAGES")["STORAGES"]
    folder = process.folder / "scratch" / "media" / "private"
    assert seen["private"]["OPTIONS"] == {
        "location": str(folder), "below": "/srv/private", "base_url": "/p/",
    }  # fmt: skip
    assert seen["staticfiles"]["BACKEND"].endswith(".StaticFilesStorage")


def test_the_projects_files_are_read_and_not_written(process: Process) -> None:
    process.write({"conf.py": BASE + 'MEDIA_ROOT = "media"\n', "media/logo.png": "own"})
    code = """
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage as storage
before = storage.open("logo.png").read().decode()
storage.delete("logo.png")
name = storage.save("logo.png", ContentFile(b"x"))
tell([before, storage.exists("logo.png"), name == "logo.png"])
"""
    assert process.run(code) == ["own", True, False]
    assert (process.folder / "media" / "logo.png").read_text() == "own"
    assert [path.name for path in (process.folder / "media").iterdir()] == ["logo.png"]


@pytest.mark.parametrize(
    ("setting", "was", "now"),
    [
        ("CELERY_BROKER_URL", "redis://:pw@r/0", "memory://"),
        ("BROKER_URL", "amqp://guest@r//", "memory://"),
        ("SHOP_QUEUE_BROKER_URL", "sqs://", "memory://"),
        ("CELERY_RESULT_BACKEND", "redis://r/1", "cache+memory://"),
        ("CELERY_RESULT_BACKEND", "django-db", "django-db"),
        ("SENTRY_DSN", "https://k@sentry.io/1", ""),
        ("RAVEN_CONFIG", {"dsn": "https://k@s/1", "release": "1"}, {"dsn": "", "release": "1"}),
        ("SECURE_SSL_REDIRECT", True, False),
        ("ALLOWED_HOSTS", ["*"], ["*"]),
        ("ALLOWED_HOSTS", ["shop.com"],
         ["shop.com", "testserver", "localhost", "127.0.0.1", "[::1]"]),
        ("CHANNEL_LAYERS", {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer"}},
         {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}),
        ("Q_CLUSTER", {"name": "q", "redis": "redis://r"}, {"name": "q", "orm": "default"}),
        ("Q_CLUSTER", {"orm": "jobs"}, {"orm": "jobs"}),
        ("RQ_QUEUES", {"default": {"URL": "redis://r"}}, {"default": {"URL": "redis://r"}}),
        ("HUEY", {"name": "h", "url": "redis://r"}, {"name": "h", "huey_class": "huey.MemoryHuey"}),
        ("DRAMATIQ_BROKER", {"BROKER": "dramatiq.brokers.redis.RedisBroker", "MIDDLEWARE": []},
         {"BROKER": "dramatiq.brokers.stub.StubBroker", "MIDDLEWARE": [], "OPTIONS": {}}),
        ("HAYSTACK_CONNECTIONS", {"default": {"ENGINE": "haystack.backends.solr_backend.SolrEngine",
                                              "URL": "http://solr"}},
         {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}),
        ("WAGTAILSEARCH_BACKENDS", {"default": {"BACKEND": "wagtail.search.backends.database"}},
         {"default": {"BACKEND": "wagtail.search.backends.database"}}),
        ("SECRET_KEY", "", "nuages-scratch-key-of-this-run-only"),
        ("DEBUG", True, True),
    ],
)  # fmt: skip
def test_a_service_is_kept_inside_the_process(
    process: Process, setting: str, was: object, now: object
) -> None:
    process.write({"conf.py": f"{BASE}{setting} = {was!r}\n"})
    seen = process.run(names=setting)
    assert seen["settings"][setting] == now
    changed = [entry for entry in seen["applied"] if entry["setting"] == setting]
    assert len(changed) == (was != now)


def test_log_files_are_in_the_scratch_folder_and_log_servers_are_silent(process: Process) -> None:
    process.write(
        {
            "conf.py": BASE
            + """
LOGGING = {"version": 1, "handlers": {
    "file": {"class": "logging.handlers.RotatingFileHandler", "filename": "/var/log/shop.log"},
    "far": {"class": "logging.handlers.SysLogHandler", "level": "INFO", "address": "/dev/log"},
    "console": {"class": "logging.StreamHandler"},
}}
"""
        }
    )
    handlers = process.run("import django; django.setup()\n" + SHOW, names="LOGGING")["settings"]
    handlers = handlers["LOGGING"]["handlers"]
    assert handlers["file"]["filename"] == str(process.folder / "scratch/logs/shop.log")
    assert handlers["far"] == {"class": "logging.NullHandler", "level": "INFO"}
    assert handlers["console"] == {"class": "logging.StreamHandler"}


def test_an_error_tracker_that_the_settings_start_is_silenced(process: Process) -> None:
    process.write({
        "sentry_sdk.py": "class Client:\n    def __init__(self, dsn):\n        self.dsn = dsn\n"
        "def init(dsn):\n    global client\n    client = Client(dsn)\n"
        "def get_client():\n    return client\n",
        "conf.py": BASE + 'import sentry_sdk\nsentry_sdk.init("https://k@sentry.io/1")\n',
    })  # fmt: skip
    code = "from django.conf import settings\nsettings.DEBUG\nimport sentry_sdk\n"
    assert process.run(code + "tell(sentry_sdk.client.dsn)") == ""


def test_a_service_that_cannot_be_changed_is_noted_and_the_rest_goes_on(process: Process) -> None:
    process.write({"conf.py": BASE + 'CACHES = "broken"\nSECURE_SSL_REDIRECT = True\n'})
    seen = process.run(names="SECURE_SSL_REDIRECT EMAIL_BACKEND")
    assert "scratch_mail" in seen["settings"]["EMAIL_BACKEND"]
    assert any(entry["setting"] == "caches" for entry in seen["applied"])
