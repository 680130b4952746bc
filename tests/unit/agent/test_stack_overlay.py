"""A project becomes stateless by its environment: every override listed, each refusable."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from nuages.agent.stack_config import Cache, Secret, StackConfig

SOURCE = Path(__file__).parents[3] / "src"
POSTGRES = {"host": "/run/pgb", "port": 6432, "user": "nuages", "prefix": "nuages_up"}
BASE = """
SECRET_KEY = "x"
INSTALLED_APPS = ["django.contrib.sessions"]
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "shop", "HOST": "db",
                         "USER": "shop", "PASSWORD": "hunter2", "CONN_MAX_AGE": 60,
                         "ATOMIC_REQUESTS": True}}
"""
SHOW = """
import json, os
from django.conf import settings
getattr(settings, "INSTALLED_APPS")
from nuages.agent import stack_overlay
names = os.environ["NAMES"].split()
print("@@" + json.dumps({
    "settings": {name: getattr(settings, name, "not set") for name in names},
    "applied": stack_overlay.applied(), "kept": stack_overlay.refused()}, default=str))
"""


class Shop:
    """A project whose processes are started as a stack starts them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, text: str, name: str = "conf.py") -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def start(self, code: str, config: StackConfig, **env: str) -> Any:
        told = self.folder / "stack.json"
        told.write_text(config.to_json())
        start = "from nuages.agent.attach import attach_from_environment as a; a()\n"
        return subprocess.run(
            [sys.executable, "-W", "ignore", "-c", start + code], capture_output=True, text=True,
            check=False, cwd=self.folder, env={
                **os.environ, "PYTHONPATH": f"{SOURCE}:{self.folder}", "NUAGES_STACK": str(told),
                "DJANGO_SETTINGS_MODULE": "conf", **env,
            },
        )  # fmt: skip

    def told(self, names: str = "", **told: Any) -> dict[str, Any]:
        told = {"postgres": POSTGRES} | told
        done = self.start(SHOW, StackConfig(**told), NAMES=names)
        lines = [line for line in done.stdout.splitlines() if line.startswith("@@")]
        assert lines, done.stderr
        return dict(json.loads(lines[-1][2:]))

    def settings(self, names: str, **told: Any) -> Mapping[str, Any]:
        return dict(self.told(names, **told)["settings"])


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = Shop(tmp_path)
    made.write(BASE)
    return made


VALKEY = Cache(kind="valkey", url="unix:///run/v.sock")
LOCMEM = "django.core.cache.backends.locmem.LocMemCache"
SHARED = "nuages.agent.stack_cache.StackCache"


class TestDatabases:
    def test_the_pool_is_between_and_connections_last(self, shop: Shop) -> None:
        seen = shop.told("DATABASES", pool="transaction")
        default = seen["settings"]["DATABASES"]["default"]
        assert {
            "ENGINE": "django.db.backends.postgresql", "NAME": "nuages_up_default",
            "HOST": "/run/pgb", "PORT": "6432", "USER": "nuages", "PASSWORD": "",
            "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True,
            "DISABLE_SERVER_SIDE_CURSORS": True, "ATOMIC_REQUESTS": True,
        }.items() <= default.items()  # fmt: skip
        why = "the next fetch may be another server connection's"
        assert {
            "setting": "DATABASES['default']['DISABLE_SERVER_SIDE_CURSORS']", "was": "not set",
            "now": "True", "why": why,
        } in seen["applied"]  # fmt: skip
        assert "hunter2" not in json.dumps(seen)

    def test_without_a_pool_cursors_stay(self, shop: Shop) -> None:
        default = shop.settings("DATABASES")["DATABASES"]["default"]
        assert not default.get("DISABLE_SERVER_SIDE_CURSORS")

    def test_asynchronous_servers_keep_no_connection(self, shop: Shop) -> None:
        default = shop.settings("DATABASES", persistent=False)["DATABASES"]["default"]
        assert default["CONN_MAX_AGE"] == 0

    @pytest.mark.parametrize("options", ["{'pool': True}", "{'pool': {'max_size': 3}}"])
    def test_the_projects_own_pool_stays_and_rules_out_lasting_ones(
        self, shop: Shop, options: str
    ) -> None:
        shop.write("", "psycopg_pool.py")
        shop.write(BASE + f"DATABASES['default']['OPTIONS'] = {options}\n")
        default = shop.settings("DATABASES", pool="transaction")["DATABASES"]["default"]
        assert default["CONN_MAX_AGE"] == 0
        assert default["OPTIONS"]["pool"]

    def test_djangos_pool_where_there_is_no_pgbouncer(self, shop: Shop) -> None:
        default = shop.settings("DATABASES", native_pool=4)["DATABASES"]["default"]
        assert default["OPTIONS"]["pool"] == {"min_size": 1, "max_size": 4}
        assert default["CONN_MAX_AGE"] == 0

    def test_several_of_them_and_mirrors(self, shop: Shop) -> None:
        shop.write(BASE + (
            "DATABASES['replica'] = {**DATABASES['default'], 'HOST': 'db2', "
            "'TEST': {'MIRROR': 'default'}}\n"
            "DATABASES['stats'] = {**DATABASES['default'], 'NAME': 'stats'}\n"
            "DATABASES['none'] = {}\n"
        ))  # fmt: skip
        replicas = {"default": [{"HOST": "/run/standby", "PORT": 6433}]}
        seen = shop.settings("DATABASES DATABASE_ROUTERS", replicas=replicas)
        told = seen["DATABASES"]
        assert told["replica"]["NAME"] == told["default"]["NAME"] == "nuages_up_default"
        assert (told["replica"]["HOST"], told["default"]["HOST"]) == ("/run/standby", "/run/pgb")
        assert told["stats"]["NAME"] == "nuages_up_stats"
        assert seen["DATABASE_ROUTERS"] == []  # the project has its own way to its replica

    def test_a_replica_that_the_project_does_not_know(self, shop: Shop) -> None:
        shop.write(BASE + "DATABASE_ROUTERS = ['conf.Mine']\nMIDDLEWARE = ['conf.first']\n")
        names = "DATABASES DATABASE_ROUTERS MIDDLEWARE NUAGES_REPLICAS"
        replicas = {"default": [{"HOST": "/run/standby", "PORT": 6433}]}
        seen = shop.settings(names, replicas=replicas)
        assert seen["DATABASES"]["replica"]["HOST"] == "/run/standby"
        assert seen["DATABASES"]["replica"]["TEST"]["MIRROR"] == "default"
        assert seen["NUAGES_REPLICAS"] == {"default": ["replica"]}
        assert seen["DATABASE_ROUTERS"] == ["nuages.django.routers.ReplicaRouter", "conf.Mine"]
        assert seen["MIDDLEWARE"] == ["nuages.django.middleware.ReadYourWrites", "conf.first"]
        preparing = shop.settings(names, replicas=replicas, prepares=True)
        assert "replica" not in preparing["DATABASES"]

    def test_several_replicas(self, shop: Shop) -> None:
        places = [{"HOST": f"/run/{number}", "PORT": 1} for number in (1, 2)]
        seen = shop.settings("DATABASES NUAGES_REPLICAS", replicas={"default": places})
        assert seen["NUAGES_REPLICAS"] == {"default": ["replica", "replica_2"]}
        assert seen["DATABASES"]["replica_2"]["HOST"] == "/run/2"

    def test_engines_of_the_projects_own_are_only_pointed_elsewhere(self, shop: Shop) -> None:
        shop.write("from django.db.backends.postgresql.base import *\n", "geo/base.py")
        shop.write("", "geo/__init__.py")
        shop.write(BASE + (
            "DATABASES['default'] |= {'ENGINE': 'geo', 'SCHEMA': 'tenants', "
            "'OPTIONS': {'sslmode': 'require', 'isolation_level': 2}}\n"
            "DATABASES['gis'] = {'ENGINE': 'django.contrib.gis.db.backends.postgis', 'NAME': 'g'}\n"
        ))  # fmt: skip
        told = shop.settings("DATABASES", pool="transaction")["DATABASES"]
        assert told["default"]["ENGINE"] == "geo"
        assert told["default"]["SCHEMA"] == "tenants"
        assert told["default"]["OPTIONS"] == {"isolation_level": 2}
        assert told["gis"]["ENGINE"] == "django.contrib.gis.db.backends.postgis"

    def test_what_a_pool_of_transactions_would_break_goes_past_it(self, shop: Shop) -> None:
        engine = "from django.db.backends.postgresql.base import *\nsql = 'SET search_path = %s'\n"
        shop.write(engine, "tenants/base.py")
        shop.write("", "tenants/__init__.py")
        shop.write(BASE + "DATABASES['default']['ENGINE'] = 'tenants'\n")
        direct = {"host": "/run/pg", "port": 5432}
        told = shop.told("DATABASES", pool="transaction", direct=direct)
        default = told["settings"]["DATABASES"]["default"]
        assert (default["HOST"], default["PORT"]) == ("/run/pg", "5432")
        assert not default.get("DISABLE_SERVER_SIDE_CURSORS")
        assert "past the pool" in {entry["now"] for entry in told["applied"]}
        replicas = {"default": [{"HOST": "/run/standby", "PORT": 6433}]}
        more = shop.settings("DATABASES", pool="transaction", direct=direct, replicas=replicas)
        assert "replica" not in more["DATABASES"]
        shop.write(BASE + "INSTALLED_APPS = ['procrastinate.contrib.django']\n")
        kept = {"pool": "transaction", "direct": direct}
        assert shop.settings("DATABASES", **kept)["DATABASES"]["default"]["HOST"] == "/run/pg"
        shop.write(BASE)
        assert shop.settings("DATABASES", **kept)["DATABASES"]["default"]["HOST"] == "/run/pgb"

    def test_what_a_pool_would_lose_is_left_to_the_database(self, shop: Shop) -> None:
        shop.write(BASE + "DATABASES['default']['OPTIONS'] = {'options': '-c search_path=a,b'}\n")
        direct = shop.settings("DATABASES", prepares=True)["DATABASES"]["default"]
        assert direct["OPTIONS"] == {"options": "-c search_path=a,b"}
        pooled = shop.settings("DATABASES", pool="transaction")["DATABASES"]["default"]
        assert pooled["OPTIONS"] == {}

    def test_settings_computed_from_the_environment(self, shop: Shop) -> None:
        shop.write(BASE + "import os\nDATABASES['default']['NAME'] = os.environ['HOME']\n")
        told = shop.settings("DATABASES")["DATABASES"]["default"]
        assert told["NAME"] == "nuages_up_default"

    def test_a_database_added_while_running_is_the_stacks_too(self, shop: Shop) -> None:
        code = (
            "from django.db import connections\n"
            "connections.databases['late'] = {**connections.databases['default'], 'NAME': 'shop',"
            " 'HOST': 'db'}\n"
            "print(connections['late'].settings_dict['NAME'], "
            "connections['late'].settings_dict['HOST'])\n"
        )
        done = shop.start(code, StackConfig(postgres=POSTGRES))
        assert done.stdout.split() == ["nuages_up_late", "/run/pgb"], done.stderr

    def test_no_place_but_a_nuages_database(self, shop: Shop) -> None:
        config = StackConfig(postgres=POSTGRES, places={"default": {"NAME": "shop", "HOST": "db"}})
        done = shop.start("from django.conf import settings; settings.DEBUG", config)
        assert done.returncode != 0
        assert "not 'shop'" in done.stderr

    def test_an_external_place_that_was_told(self, shop: Shop) -> None:
        place = {"NAME": "nuages_shop", "HOST": "pg.example", "PORT": 5432, "USER": "me",
                 "PASSWORD": "p", "OPTIONS": {"sslmode": "require"}}  # fmt: skip
        places = {"default": place}
        default = shop.settings("DATABASES", places=places)["DATABASES"]["default"]
        assert (default["NAME"], default["HOST"]) == ("nuages_shop", "pg.example")
        assert default["OPTIONS"] == {"sslmode": "require"}


class TestTheAppOfTheVendor:
    APPS = 'INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes"]\n'
    ENGINE = 'DATABASES = {{"default": {{"ENGINE": "django.db.backends.{}", "NAME": "x"}}}}\n'

    def test_it_is_added_where_the_project_had_another_database(self, shop: Shop) -> None:
        shop.write(BASE + self.APPS + self.ENGINE.format("sqlite3"))
        apps = shop.settings("INSTALLED_APPS")["INSTALLED_APPS"]
        assert apps[-1] == "django.contrib.postgres"

    @pytest.mark.parametrize(("engine", "more"), [
        ("postgresql", ""),
        ("sqlite3", 'INSTALLED_APPS += ["django.contrib.postgres"]\n'),
        ("sqlite3", 'INSTALLED_APPS += ["django.contrib.postgres.apps.PostgresConfig"]\n'),
    ])  # fmt: skip
    def test_and_nowhere_else(self, shop: Shop, engine: str, more: str) -> None:
        shop.write(BASE + self.APPS + more + self.ENGINE.format(engine))
        found = shop.told("INSTALLED_APPS")
        assert "INSTALLED_APPS" not in {each["setting"] for each in found["applied"]}


class TestCaches:
    def test_memory_becomes_a_server_and_each_alias_its_own_room(self, shop: Shop) -> None:
        shop.write(BASE + (
            f"CACHES = {{'default': {{'BACKEND': '{LOCMEM}', 'OPTIONS': {{'MAX_ENTRIES': 9}}, "
            "'TIMEOUT': 7, 'KEY_PREFIX': 'p'},"
            f" 'other': {{'BACKEND': '{LOCMEM}', 'LOCATION': 'b'}},"
            f" 'again': {{'BACKEND': '{LOCMEM}', 'LOCATION': 'b'}},"
            " 'none': {'BACKEND': 'django.core.cache.backends.dummy.DummyCache'},"
            " 'rows': {'BACKEND': 'django.core.cache.backends.db.DatabaseCache', "
            "'LOCATION': 't'}}\n"
        ))  # fmt: skip
        told = shop.settings("CACHES", cache=VALKEY)["CACHES"]
        assert told["default"] == {
            "BACKEND": SHARED, "LOCATION": "unix:///run/v.sock?db=0", "TIMEOUT": 7,
            "KEY_PREFIX": "p",
        }  # fmt: skip
        assert told["other"]["LOCATION"] == told["again"]["LOCATION"] == "unix:///run/v.sock?db=1"
        assert told["none"]["BACKEND"].endswith("DummyCache")
        assert told["rows"]["BACKEND"].endswith("DatabaseCache")

    def test_a_redis_client_is_only_pointed_elsewhere(self, shop: Shop) -> None:
        shop.write(BASE + (
            "CACHES = {'default': {'BACKEND': 'django_redis.cache.RedisCache', "
            "'LOCATION': ['rediss://:pw@r1/1', 'rediss://:pw@r2/1'], 'KEY_PREFIX': 'k', "
            "'OPTIONS': {'CLIENT_CLASS': 'django_redis.client.SentinelClient', "
            "'SENTINELS': [('s', 1)], 'PASSWORD': 'pw', 'SERIALIZER': 'a.B', "
            "'IGNORE_EXCEPTIONS': True, 'CONNECTION_POOL_KWARGS': "
            "{'max_connections': 9, 'ssl_cert_reqs': None}}}}\n"
        ))  # fmt: skip
        told = shop.told("CACHES", cache=VALKEY)
        assert told["settings"]["CACHES"]["default"] == {
            "BACKEND": "django_redis.cache.RedisCache", "KEY_PREFIX": "k",
            "LOCATION": "unix:///run/v.sock?db=0",
            "OPTIONS": {"SERIALIZER": "a.B", "IGNORE_EXCEPTIONS": True,
                        "CONNECTION_POOL_KWARGS": {"max_connections": 9}},
        }  # fmt: skip
        assert "pw" not in json.dumps(told["applied"])

    def test_memcached(self, shop: Shop) -> None:
        shop.write(BASE + (
            f"CACHES = {{'default': {{'BACKEND': '{LOCMEM}'}}, "
            f"'b': {{'BACKEND': '{LOCMEM}', 'LOCATION': 'b'}}}}\n"
        ))  # fmt: skip
        server = Cache(kind="memcached", url="unix:/run/m.sock")
        told = shop.settings("CACHES", cache=server)["CACHES"]
        assert told["default"]["LOCATION"] == told["b"]["LOCATION"] == "unix:/run/m.sock"
        assert told["b"]["KEY_PREFIX"] == "1:"

    def test_a_port(self, shop: Shop) -> None:
        told = shop.settings("CACHES", cache=Cache(kind="valkey", url="redis://:p@h:6379/3"))
        assert told["CACHES"]["default"]["LOCATION"] == "redis://:p@h:6379/0"

    def test_no_server_no_change(self, shop: Shop) -> None:
        assert shop.settings("CACHES")["CACHES"]["default"]["BACKEND"] == LOCMEM


class TestSessions:
    @pytest.mark.parametrize("own", ["file", "cache"])
    def test_local_ones_move_to_the_database_and_the_cache(self, shop: Shop, own: str) -> None:
        shop.write(BASE + f"SESSION_ENGINE = 'django.contrib.sessions.backends.{own}'\n")
        told = shop.settings("SESSION_ENGINE SESSION_CACHE_ALIAS CACHES", cache=VALKEY)
        assert told["SESSION_ENGINE"] == "django.contrib.sessions.backends.cached_db"
        assert told["SESSION_CACHE_ALIAS"] == "nuages_sessions"
        assert told["CACHES"]["nuages_sessions"]["LOCATION"] == "unix:///run/v.sock?db=1"

    def test_without_its_table_the_cache_alone(self, shop: Shop) -> None:
        shop.write(BASE + "INSTALLED_APPS = []\n"
                   "SESSION_ENGINE = 'django.contrib.sessions.backends.file'\n")  # fmt: skip
        told = shop.settings("SESSION_ENGINE", cache=VALKEY)
        assert told["SESSION_ENGINE"] == "django.contrib.sessions.backends.cache"

    @pytest.mark.parametrize("own", ["db", "cached_db", "signed_cookies"])
    def test_those_that_are_shared_stay(self, shop: Shop, own: str) -> None:
        shop.write(BASE + f"SESSION_ENGINE = 'django.contrib.sessions.backends.{own}'\n")
        told = shop.settings("SESSION_ENGINE SESSION_CACHE_ALIAS", cache=VALKEY)
        assert told["SESSION_ENGINE"].endswith(f".{own}")
        assert told["SESSION_CACHE_ALIAS"] == "default"

    def test_those_in_a_cache_that_was_shared_stay_in_it(self, shop: Shop) -> None:
        shop.write(BASE + (
            "SESSION_ENGINE = 'django.contrib.sessions.backends.cache'\n"
            "CACHES = {'default': {'BACKEND': 'django.core.cache.backends.redis.RedisCache', "
            "'LOCATION': 'redis://r'}}\n"
        ))  # fmt: skip
        told = shop.settings("SESSION_ENGINE SESSION_CACHE_ALIAS", cache=VALKEY)
        assert told["SESSION_ENGINE"].endswith(".cache")
        assert told["SESSION_CACHE_ALIAS"] == "default"

    def test_an_engine_of_the_projects_own_on_the_database_stays(self, shop: Shop) -> None:
        shop.write("from django.contrib.sessions.backends.db import SessionStore\n", "mine.py")
        shop.write(BASE + "SESSION_ENGINE = 'mine'\n")
        assert shop.settings("SESSION_ENGINE", cache=VALKEY)["SESSION_ENGINE"] == "mine"


class TestWeb:
    def test_hosts_and_proxy(self, shop: Shop) -> None:
        shop.write(BASE + (
            "DEBUG = True\nALLOWED_HOSTS = ['shop.example']\nSECURE_SSL_REDIRECT = True\n"
            "SESSION_COOKIE_SECURE = True\nSESSION_COOKIE_DOMAIN = '.shop.example'\n"
            "CSRF_COOKIE_NAME = '__Host-csrf'\n"
        ))  # fmt: skip
        names = (
            "DEBUG ALLOWED_HOSTS SECURE_SSL_REDIRECT SESSION_COOKIE_SECURE SESSION_COOKIE_DOMAIN "
            "CSRF_COOKIE_NAME CSRF_TRUSTED_ORIGINS SECURE_PROXY_SSL_HEADER"
        )
        assert shop.settings(names, hosts=("localhost",), origins=("http://localhost:8000",)) == {
            "DEBUG": False, "ALLOWED_HOSTS": ["shop.example", "localhost"],
            "SECURE_SSL_REDIRECT": False, "SESSION_COOKIE_SECURE": False,
            "SESSION_COOKIE_DOMAIN": None, "CSRF_COOKIE_NAME": "csrf",
            "CSRF_TRUSTED_ORIGINS": ["http://localhost:8000"],
            "SECURE_PROXY_SSL_HEADER": ["HTTP_X_FORWARDED_PROTO", "https"],
        }  # fmt: skip

    def test_behind_tls_everything_secure_stays(self, shop: Shop) -> None:
        shop.write(BASE + "SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = True\n")
        told = shop.settings("SECURE_SSL_REDIRECT SESSION_COOKIE_SECURE", https=True)
        assert told == {"SECURE_SSL_REDIRECT": True, "SESSION_COOKIE_SECURE": True}

    def test_a_header_that_any_client_could_send_is_not_believed(self, shop: Shop) -> None:
        shop.write(BASE + "SECURE_PROXY_SSL_HEADER = ('HTTP_X_FORWARDED_PROTO', 'https')\n")
        told = shop.settings("SECURE_PROXY_SSL_HEADER", forwarded=False)
        assert told["SECURE_PROXY_SSL_HEADER"] is None

    def test_a_key_that_every_process_makes_anew(self, shop: Shop) -> None:
        shop.write(BASE + "import secrets\nSECRET_KEY = secrets.token_hex()\n")
        told = {"secret": Secret(digest=str(shop.folder / "digest"), key="of-this-stack")}
        keys = [shop.settings("SECRET_KEY", **told)["SECRET_KEY"] for _ in range(3)]
        assert keys[1:] == ["of-this-stack"] * 2  # the first one migrates, and serves nobody
        assert keys[0] not in (shop.folder / "digest").read_text()

    def test_a_key_that_is_the_same_everywhere_stays(self, shop: Shop) -> None:
        told = {"secret": Secret(digest=str(shop.folder / "digest"), key="of-this-stack")}
        keys = [shop.settings("SECRET_KEY", **told)["SECRET_KEY"] for _ in range(2)]
        assert keys == ["x", "x"]


class TestFilesAndLogs:
    def test_static_and_media(self, shop: Shop) -> None:
        shop.write(BASE + "STATIC_URL = 'https://cdn.example/s/'\nMEDIA_ROOT = '/srv/media'\n")
        media = str(shop.folder / "media")
        told = shop.settings("STATIC_ROOT STATIC_URL MEDIA_ROOT STORAGES", static="/run/static",
                             media=media)  # fmt: skip
        assert told["STATIC_ROOT"] == "/run/static"
        assert told["STATIC_URL"] == "/static/"
        assert told["MEDIA_ROOT"] == media
        assert told["STORAGES"]["default"]["OPTIONS"] == {"below": "/srv/media"}

    @pytest.mark.parametrize(
        ("own", "here"),
        [("''", "/media/"), ("'https://bucket.example/m/'", "/media/"), ("'/files/'", "/files/")],
    )
    def test_uploads_have_a_url_here(self, shop: Shop, own: str, here: str) -> None:
        shop.write(BASE + f"MEDIA_URL = {own}\n")
        told = shop.settings("MEDIA_URL", media=str(shop.folder / "media"))
        assert told["MEDIA_URL"] == here

    def test_uploads_that_stay_elsewhere_keep_theirs(self, shop: Shop) -> None:
        shop.write(BASE + "MEDIA_URL = 'https://bucket.example/m/'\n")
        told = shop.settings("MEDIA_URL", media=str(shop.folder / "media"), keep=("STORAGES",))
        assert told["MEDIA_URL"] == "https://bucket.example/m/"

    def test_a_manifest_stays_and_a_bucket_does_not(self, shop: Shop) -> None:
        manifest = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
        for own, here in ((manifest, manifest),
                          ("storages.backends.s3.S3StaticStorage",
                           "django.contrib.staticfiles.storage.StaticFilesStorage")):  # fmt: skip
            shop.write(BASE + f"STORAGES = {{'staticfiles': {{'BACKEND': '{own}'}}}}\n")
            told = shop.settings("STORAGES", static="/run/static")["STORAGES"]
            assert told["staticfiles"]["BACKEND"] == here

    def test_no_statement_is_timed_for_a_log(self, shop: Shop) -> None:
        shop.write(BASE + (
            "LOGGING = {'version': 1, 'formatters': {'f': {'format': '%(message)s'}}, 'handlers': "
            "{'file': {'class': 'logging.handlers.RotatingFileHandler', 'filename': '/var/log/s', "
            "'maxBytes': 9, 'formatter': 'f', 'level': 'INFO'}, "
            "'con': {'class': 'logging.StreamHandler'}}, 'loggers': "
            "{'django.db.backends': {'level': 'DEBUG', 'handlers': ['file']}, "
            "'shop': {'level': 'DEBUG'}}}\n"
        ))  # fmt: skip
        told = shop.settings("LOGGING")["LOGGING"]
        stream = {"class": "logging.StreamHandler", "formatter": "f", "level": "INFO"}
        assert told["handlers"] == {"file": stream, "con": {"class": "logging.StreamHandler"}}
        assert told["loggers"]["django.db.backends"] == {"level": "INFO", "handlers": ["file"]}
        assert told["loggers"]["shop"] == {"level": "DEBUG"}

    def test_a_debug_level_above_does_not_reach_statements(self, shop: Shop) -> None:
        shop.write(BASE + "LOGGING = {'version': 1, 'root': {'level': 'DEBUG', 'handlers': []}}\n")
        told = shop.settings("LOGGING")["LOGGING"]
        assert told["loggers"] == {"django.db.backends": {"level": "INFO"}}

    @pytest.mark.parametrize("own", ["{}", "{'version': 1, 'root': {'level': 'INFO'}}"])
    def test_other_logging_stays(self, shop: Shop, own: str) -> None:
        shop.write(BASE + f"LOGGING = {own}\n")
        seen = shop.told("LOGGING")
        assert not [entry for entry in seen["applied"] if "LOGGING" in entry["setting"]]


class TestQueues:
    def test_tasks_go_to_the_stacks_workers(self, shop: Shop) -> None:
        shop.write(BASE + (
            "CELERY_BROKER_URL = 'amqp://u:p@mq//'\nCELERY_RESULT_BACKEND = 'redis://r/1'\n"
            "RQ_QUEUES = {'default': {'HOST': 'r', 'PORT': 1, 'PASSWORD': 'p', "
            "'DEFAULT_TIMEOUT': 9}}\n"
        ))  # fmt: skip
        names = "CELERY_BROKER_URL CELERY_RESULT_BACKEND RQ_QUEUES"
        told = shop.settings(names, queue="unix:///run/q.sock?db=2")
        place = "redis+socket:///run/q.sock?virtual_host=2"
        assert told == {
            "CELERY_BROKER_URL": place, "CELERY_RESULT_BACKEND": place,
            "RQ_QUEUES": {"default": {"DEFAULT_TIMEOUT": 9, "UNIX_SOCKET_PATH": "/run/q.sock",
                                      "DB": 2}},
        }  # fmt: skip

    def test_without_a_queue_no_task_leaves(self, shop: Shop) -> None:
        shop.write(BASE + "CELERY_BROKER_URL = 'amqp://u:p@mq//'\n")
        assert shop.settings("CELERY_BROKER_URL")["CELERY_BROKER_URL"] == "memory://"

    def test_mail_stays_here(self, shop: Shop) -> None:
        told = shop.settings("EMAIL_BACKEND")
        assert told["EMAIL_BACKEND"] == "nuages.agent.scratch_mail.EmailBackend"


class TestRefusing:
    def test_each_override_can_be_refused(self, shop: Shop) -> None:
        shop.write(BASE + (
            "DEBUG = True\nSESSION_ENGINE = 'django.contrib.sessions.backends.file'\n"
            "LOGGING = {'version': 1, 'handlers': {'f': {'class': 'logging.FileHandler', "
            "'filename': '/x'}}}\nSTATIC_ROOT = '/own'\n"
        ))  # fmt: skip
        keep = ("DEBUG", "SESSION_ENGINE", "LOGGING", "CACHES", "CONN_MAX_AGE", "ALLOWED_HOSTS",
                "DISABLE_SERVER_SIDE_CURSORS", "STORAGES", "STATIC_ROOT", "EMAIL_BACKEND",
                "MAILERS", "SECURE_PROXY_SSL_HEADER", "MEDIA_ROOT", "REMOTE_ADDR",
                )  # fmt: skip
        told = shop.told(
            "DEBUG SESSION_ENGINE CACHES DATABASES STATIC_ROOT ALLOWED_HOSTS", keep=keep,
            cache=VALKEY, pool="transaction", static="/s", media=str(shop.folder / "m"),
            hosts=("localhost",),
        )  # fmt: skip
        assert told["settings"]["SESSION_ENGINE"] == "django.contrib.sessions.backends.file"
        assert told["settings"]["CACHES"]["default"]["BACKEND"] == LOCMEM
        assert told["settings"]["DATABASES"]["default"]["CONN_MAX_AGE"] == 60
        assert told["settings"]["DEBUG"] is True
        changed = {entry["setting"] for entry in told["applied"]}
        assert changed == {"DATABASES['default']", "DATABASES['default']['CONN_HEALTH_CHECKS']"}
        assert set(told["kept"]) == set(keep) - {"MAILERS"}

    def test_what_is_kept_and_would_not_change_is_not_told(self, shop: Shop) -> None:
        told = shop.told(keep=("SESSION_ENGINE", "CONN_MAX_AGE"), persistent=True)
        assert set(told["kept"]) == {"CONN_MAX_AGE"}

    def test_the_projects_own_database_is_not_to_be_kept(self, shop: Shop) -> None:
        done = shop.start("import django.conf", StackConfig(keep=("DATABASES",)))
        assert done.returncode == 2
        assert "DATABASES cannot be kept" in done.stderr

    def test_the_report_for_the_tool(self, shop: Shop) -> None:
        report = shop.folder / "report.json"
        shop.told(report=str(report), keep=("CONN_MAX_AGE",))
        told = json.loads(report.read_text())
        assert "DATABASES['default']" in {entry["setting"] for entry in told["applied"]}
        assert told["kept"] == {"CONN_MAX_AGE": "a connection is kept"}


def test_a_file_of_another_version_ends_the_process(shop: Shop) -> None:
    done = shop.start("print('on')", StackConfig(version="0.0.1"))
    assert (done.returncode, done.stdout) == (2, "")


def test_a_process_without_django_is_left_alone(shop: Shop) -> None:
    done = shop.start("print('on')", StackConfig(postgres=POSTGRES))
    assert (done.returncode, done.stdout, done.stderr) == (0, "on\n", "")
