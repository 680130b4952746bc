"""Which local caches are a hazard, and which are right."""

from __future__ import annotations

import pytest
from tests.unit.rules.recordings import FEED, TEST, at, called, with_calls
from tests.unit.rules.settings import DUMMY, FILES, LOCMEM, REDIS, caches, told, written
from tests.unit.rules.sources import text_at

from nuages.cases import Case
from nuages.model import Finding
from nuages.rules import local_cache

LOCAL = {"CACHES": caches(default=LOCMEM), "DEBUG": False}
VIEWS = "from django.core.cache import cache\n\ndef home(request):\n    "


def found(case: Case) -> list[Finding]:
    return list(local_cache.find(case))


def called_cache(operation: str, times: int = 4, alias: str = "default", **kwargs):
    return called("cache", alias, operation, times, **kwargs)


class TestFinds:
    def test_what_requests_count_in_a_cache_of_one_process(self):
        recording = with_calls(called_cache("incr", location=at(76, "shop/views.py")))
        [finding] = found(told(recording=recording, **LOCAL))
        assert finding.message == (
            "The cache 'default' lives in one process, and is used by cache.incr() "
            "(shop/views.py:76): each process counts by itself"
        )
        assert 'CACHES["default"]["BACKEND"] = "django.core.cache.backends.redis' in finding.hint
        assert finding.concern == "hazard"
        assert finding.confidence == 0.9
        assert finding.routes == (FEED.name,)
        assert finding.evidence.calls == 4

    def test_where_the_settings_say_so_and_where_it_is_used(self, tmp_path):
        files = {
            "config__settings": written("CACHES", default=LOCMEM),
            "shop__views": f'{VIEWS}cache.incr("n")\n',
        }
        case = told(tmp_path, files=files, **LOCAL)
        [finding] = found(case)
        assert text_at(case.code, finding.location).startswith("CACHES = {'default'")
        assert text_at(case.code, finding.trigger) == 'cache.incr("n")'

    @pytest.mark.parametrize(
        ("operation", "confidence"),
        [("add", 0.9), ("decr", 0.9), ("delete", 0.8), ("clear", 0.8), ("set", 0.6), ("get", 0.6)],
    )
    def test_the_more_it_is_counted_on_the_surer(self, operation, confidence):
        [finding] = found(told(recording=with_calls(called_cache(operation)), **LOCAL))
        assert finding.confidence == confidence

    def test_the_hit_rate_of_the_recording(self):
        recording = with_calls(called_cache("get", 8, outcomes={"hit": 6, "miss": 2}))
        [finding] = found(told(recording=recording, **LOCAL))
        assert finding.evidence.figures["hit_rate"] == 0.75

    @pytest.mark.parametrize(
        "text",
        [
            f'{VIEWS}cache.add("lock", 1)\n',
            "from django.core.cache import caches\nc = caches['default']\n\ndef f():\n"
            "    c.incr('n')\n",
            "from django.core.cache import caches\n\ndef f():\n    caches['default'].incr('n')\n",
            "from rest_framework.throttling import AnonRateThrottle\n\nclass V:\n"
            "    throttle_classes = [AnonRateThrottle]\n",
            "from django_ratelimit.decorators import ratelimit\n\n@ratelimit(key='ip')\n"
            "def f(request):\n    pass\n",
        ],
        ids=["a lock", "by a name", "by its alias", "a throttle", "a rate limit"],
    )
    def test_what_the_code_counts(self, tmp_path, text):
        [finding] = found(told(tmp_path, files={"shop__views": text}, **LOCAL))
        assert finding.evidence.figures["purpose"] == "counts"

    def test_throttles_of_all_views(self):
        rest = {"DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.AnonRateThrottle"]}
        [finding] = found(told(REST_FRAMEWORK=rest, **LOCAL))
        assert "AnonRateThrottle" in finding.message

    def test_pages_that_each_process_keeps(self, tmp_path):
        text = (
            "from django.views.decorators.cache import cache_page\n\nhome = cache_page(60)(home)\n"
        )
        [finding] = found(told(tmp_path, files={"shop__urls": text}, **LOCAL))
        assert finding.confidence == 0.6

    def test_files_and_nothing_at_all(self):
        recording = with_calls(called_cache("incr"))
        [of_host] = found(told(recording=recording, CACHES=caches(default=FILES)))
        [of_none] = found(told(recording=recording, CACHES=caches(default=DUMMY)))
        assert "lives on one host's disk" in of_host.message
        assert of_host.confidence == 0.8
        assert "keeps nothing" in of_none.message

    def test_djangos_own_default(self):
        recording = with_calls(called_cache("incr"))
        [finding] = found(told(recording=recording, by_default=("CACHES",), **LOCAL))
        assert finding.location is not None  # where it is used: nothing is written in the settings

    def test_productions_settings_when_those_for_development_ran(self, tmp_path):
        files = {
            "config__settings__dev": written("CACHES", default=DUMMY),
            "config__settings__prod": written("CACHES", default=FILES),
            "shop__views": f'{VIEWS}cache.incr("n")\n',
        }
        case = told(
            tmp_path, files=files, module="config.settings.dev", CACHES=caches(default=DUMMY)
        )
        [finding] = found(case)
        assert finding.location.file == "config/settings/prod.py"

    def test_less_surely_with_debug_on(self):
        recording = with_calls(called_cache("incr"))
        [finding] = found(told(recording=recording, CACHES=caches(default=LOCMEM), DEBUG=True))
        assert finding.confidence == 0.7


class TestStaysSilent:
    def test_on_a_default_that_nobody_uses(self, tmp_path):
        assert not found(told(tmp_path, files={"shop__views": "x = 1\n"}, **LOCAL))

    def test_on_a_shared_cache(self):
        recording = with_calls(called_cache("incr"))
        assert not found(told(recording=recording, CACHES=caches(default=REDIS)))

    def test_on_copies_kept_near_beside_a_shared_cache(self):
        recording = with_calls(called_cache("get", alias="near"), called_cache("set", alias="near"))
        assert not found(told(recording=recording, CACHES=caches(default=REDIS, near=LOCMEM)))

    def test_on_sessions_which_have_a_rule_of_their_own(self):
        recording = with_calls(called_cache("get"), called_cache("set"), called_cache("add"))
        engine = "django.contrib.sessions.backends.cache"
        assert not found(told(recording=recording, SESSION_ENGINE=engine, **LOCAL))

    @pytest.mark.parametrize(
        "module", ["config.settings.dev", "config.settings.local", "tests.settings"]
    )
    def test_on_settings_for_development_alone(self, module):
        recording = with_calls(called_cache("incr"))
        assert not found(told(recording=recording, module=module, **LOCAL))

    @pytest.mark.parametrize(
        "text",
        [
            "CACHES = {'default': env.cache('CACHE_URL', default='locmemcache://')}\n",
            "CACHES = {'default': {'BACKEND': os.environ.get('CACHE', 'x.LocMemCache')}}\n",
            written("CACHES", default=LOCMEM) + "if HOST:\n    " + written("CACHES", default=REDIS),
            "if DEBUG:\n    " + written("CACHES", default=LOCMEM),
        ],
        ids=["a URL", "the environment", "another one too", "only with DEBUG"],
    )
    def test_where_the_settings_leave_it_open(self, tmp_path, text):
        recording = with_calls(called_cache("incr"))
        files = {"config__settings": text}
        assert not found(told(tmp_path, files=files, recording=recording, **LOCAL))

    def test_where_another_settings_module_has_a_shared_one(self, tmp_path):
        files = {
            "config__settings__base": written("CACHES", default=LOCMEM),
            "config__settings__production": written("CACHES", default=REDIS),
            "shop__views": f'{VIEWS}cache.incr("n")\n',
        }
        assert not found(told(tmp_path, files=files, module="config.settings.base", **LOCAL))

    def test_on_what_tests_and_commands_of_the_code_do(self, tmp_path):
        text = f'{VIEWS}cache.incr("n")\n'
        files = {"shop__tests__test_views": text, "shop__management__commands__fill": text}
        assert not found(told(tmp_path, files=files, **LOCAL))
        assert not found(told(recording=with_calls(called_cache("incr", scope=TEST)), **LOCAL))

    def test_on_dictionaries_with_the_same_methods(self, tmp_path):
        text = "from django.core.cache.utils import make\n\ndef f(seen):\n    seen.add(1)\n"
        assert not found(told(tmp_path, files={"shop__views": text}, **LOCAL))


class TestRefuses:
    def test_without_settings(self):
        assert not found(Case(with_calls(called_cache("incr"))))
