"""Which middleware does nothing, as far as a recording and its text can tell."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.rules.sources import code as project
from tests.unit.rules.sources import text_at
from tests.unit.rules.traffic import ROUTES, facts, passed, requests

from nuages.cases import Case
from nuages.code import Code
from nuages.grounds.middleware_needs import (
    AUTH,
    CSRF,
    MESSAGES,
    SESSIONS,
    protects,
    relying,
    watches,
)
from nuages.model import Facts, Finding, Recording
from nuages.rules import idle_middleware

PALM = "core.middleware.PalmMiddleware"
TEXT = """
    import re

    from django.utils.deprecation import MiddlewareMixin

    PALM = re.compile("Palm|Psion")

    class PalmMiddleware(MiddlewareMixin):
        def __call__(self, request):
            if PALM.search(request.headers.get("User-Agent", "") * 400):
                request.is_palm = True
            response = self.get_response(request)
            return response
"""


def idle(name: str = PALM, calls: int = 30, ms: float = 0.4, does: str = "") -> Recording:
    """A middleware in the way of three routes."""
    return requests(*(passed(name, calls, ms, scope=scope, does=does) for scope in ROUTES))


def found(recording: Recording, code: Code, told: Facts | None = None) -> list[Finding]:
    return list(idle_middleware.find(Case(recording, told or facts(PALM), code)))


@pytest.fixture
def code(tmp_path):
    return project(tmp_path, core__middleware=TEXT)


class TestFinds:
    def test_what_did_nothing_and_costs_time(self, code):
        [finding] = found(idle(), code)
        assert finding.message == (
            "PalmMiddleware did nothing in 90 requests to 3 routes, and takes 0.40 ms of each"
        )
        assert finding.hint.startswith(f'take "{PALM}" out of MIDDLEWARE')
        assert text_at(code, finding.location) == "class PalmMiddleware(MiddlewareMixin):"
        assert finding.remedy.kind == "remove"
        assert finding.evidence.wall_ms == pytest.approx(36)

    def test_the_line_of_the_settings_that_names_it(self, tmp_path):
        settings = f'MIDDLEWARE = [\n    "a.b",\n    "{PALM}",\n]\n'
        code = project(tmp_path, core__middleware=TEXT, settings=settings)
        told = replace(facts("a.b", PALM), settings_module="settings")
        [finding] = found(idle(), code, told)
        assert text_at(code, finding.location) == f'"{PALM}",'
        assert text_at(code, finding.trigger) == "class PalmMiddleware(MiddlewareMixin):"

    def test_a_function(self, tmp_path):
        text = """
            def palm(get_response):
                def middleware(request):
                    sum(ord(letter) for letter in request.path * 1000)
                    return get_response(request)
                return middleware
        """
        code = project(tmp_path, core__middleware=text)
        assert len(found(idle("core.middleware.palm"), code)) == 1

    def test_the_old_style(self, tmp_path):
        text = TEXT.replace("__call__(self, request)", "process_request(self, request)").replace(
            "response = self.get_response(request)", "response = None"
        )
        assert found(idle(), project(tmp_path, core__middleware=text))


EFFECTS = {
    "a thread's own": "current.user = request.META",
    "a log": 'logger.info("seen")',
    "a function of the project": "track(request)",
    "a model": "Visit.objects.create(path=request.path)",
    "a file": 'open("/tmp/x", "a").write("x")',
    "a global": "global count; count = 1",
    "a signal": "seen.send(sender=None)",
    "an answer of its own": "return HttpResponse()",
    "a refusal": "raise PermissionDenied",
}


class TestStaysSilent:
    @pytest.mark.parametrize(
        "does", ["changed request", "changed response", "changed context", "made calls",
                 "answered", "raised"],
    )  # fmt: skip
    def test_on_what_did_something_once(self, code, does):
        assert not found(idle(does=does), code)

    @pytest.mark.parametrize("effect", EFFECTS.values(), ids=EFFECTS)
    def test_on_what_may_act_elsewhere(self, tmp_path, effect):
        text = TEXT.replace("request.is_palm = True", effect).replace(
            "import re",
            "import re\n    import threading\n    from django.http import HttpResponse\n"
            "    from core.visits import Visit, track, seen, logger\n"
            "    current = threading.local()",
        )
        assert not found(idle(), project(tmp_path, core__middleware=text))

    def test_on_too_few_requests_or_routes(self, code):
        assert not found(idle(calls=10), code)
        assert not found(requests(passed(PALM, 500, 0.4)), code)

    def test_on_what_costs_next_to_nothing(self, code):
        assert not found(idle(ms=0.01), code)

    @pytest.mark.parametrize(
        "name",
        ["django.middleware.gzip.GZipMiddleware", CSRF,
         "whitenoise.middleware.WhiteNoiseMiddleware",
         "django.contrib.redirects.middleware.RedirectFallbackMiddleware",
         "django_prometheus.middleware.PrometheusAfterMiddleware"],
    )  # fmt: skip
    def test_on_what_is_not_the_projects(self, code, name):
        assert not found(idle(name), code)

    @pytest.mark.parametrize(
        "name",
        ["BanMiddleware", "LoginRequiredMiddleware", "RateLimitMiddleware", "MetricsMiddleware",
         "AuditLogMiddleware", "HTTPSRedirectMiddleware", "CSPMiddleware"],
    )  # fmt: skip
    def test_on_what_protects_or_watches(self, tmp_path, name):
        code = project(tmp_path, core__middleware=TEXT.replace("PalmMiddleware", name))
        assert not found(idle(f"core.middleware.{name}"), code)


class TestRefuses:
    def test_without_its_text(self):
        assert not found(idle(), Code())

    def test_without_a_recording(self, code):
        assert not found(Recording(), code)

    def test_a_base_that_is_not_known(self, tmp_path):
        text = TEXT.replace("MiddlewareMixin):", "Tracked):").replace(
            "import MiddlewareMixin", "import MiddlewareMixin\nfrom tracking import Tracked"
        )
        assert not found(idle(), project(tmp_path, core__middleware=text))


class TestWhatReliesOnWhat:
    def test_the_admin_needs_sessions_users_and_messages(self):
        for name in (SESSIONS, AUTH, MESSAGES):
            assert "django.contrib.admin" in relying(name, (), ("django.contrib.admin",))

    def test_users_and_messages_need_sessions(self):
        assert relying(SESSIONS, (SESSIONS, AUTH, MESSAGES), ()) == (AUTH, MESSAGES)

    def test_csrf_needs_sessions_only_where_its_token_is_kept_there(self):
        assert relying(SESSIONS, (SESSIONS, CSRF), ()) == ()
        assert relying(SESSIONS, (SESSIONS, CSRF), (), sessions_csrf=True) == (CSRF,)

    def test_the_words_of_a_name(self):
        assert protects("core.middleware.BanMiddleware")
        assert protects("core.security.Headers")
        assert not protects("bank.middleware.CurrencyMiddleware")
        assert watches("core.middleware.LastSeenMiddleware")
        assert not watches("logistics.middleware.RegionMiddleware")
