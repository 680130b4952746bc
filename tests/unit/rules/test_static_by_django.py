"""Files that Django hands out although DEBUG is off."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.rules.recordings import MS
from tests.unit.rules.settings import told
from tests.unit.rules.sources import text_at

from nuages.cases import Case
from nuages.model import Finding, Recording, Scope, ScopeStats
from nuages.rules import static_by_django

MEDIA = """\
    from django.conf import settings
    from django.contrib.auth.decorators import login_required
    from django.urls import include, path, re_path
    from django.views.static import serve

    urlpatterns = [path("", include("shop.urls"))]
    {line}
    """
PATTERN = 're_path(r"^media/(?P<path>.*)$", serve, {"document_root": settings.MEDIA_ROOT})'


def found(case: Case) -> list[Finding]:
    return list(static_by_django.find(case))


def urls(line: str) -> dict[str, str]:
    return {"config__urls": MEDIA.format(line=line)}


def asked(route: str, view: str = "django.views.static.serve", times: int = 20) -> Recording:
    scope = Scope(kind="request", name=f"GET {route}")
    scopes = (ScopeStats(scope=scope, executions=times, wall_ns=times * MS, view=view),)
    return Recording(scopes=scopes)


class TestFinds:
    def test_a_pattern_that_is_always_there(self, tmp_path):
        case = told(tmp_path, files=urls(f"urlpatterns += [{PATTERN}]"))
        [finding] = found(case)
        assert finding.message.startswith("Uploaded files of ^media/(?P<path>.*)$ are handed out")
        assert "hand the files out" in finding.hint
        assert text_at(case.code, finding.location) == f"urlpatterns += [{PATTERN}]"
        assert finding.concern == "hazard"

    @pytest.mark.parametrize(
        "line",
        [
            f"if not settings.DEBUG:\n        urlpatterns += [{PATTERN}]",
            f"if settings.DEBUG:\n        pass\n    else:\n        urlpatterns += [{PATTERN}]",
            'path("media/<path:path>", serve, {"document_root": settings.MEDIA_ROOT})',
        ],
    )
    def test_ways_to_write_it(self, tmp_path, line):
        assert found(told(tmp_path, files=urls(line)))

    def test_a_view_behind_a_login_needs_another_remedy(self, tmp_path):
        line = f"urlpatterns += [{PATTERN.replace('serve', 'login_required(serve)')}]"
        [finding] = found(told(tmp_path, files=urls(line)))
        assert "X-Accel-Redirect" in finding.hint

    def test_static_files_without_whitenoise(self, tmp_path):
        line = 're_path("^static/(.*)", serve, {"document_root": settings.STATIC_ROOT})'
        [finding] = found(told(tmp_path, files=urls(line), MIDDLEWARE=["a.B"]))
        assert "WhiteNoiseMiddleware" in finding.hint

    def test_what_was_asked_is_measured(self, tmp_path):
        case = told(
            tmp_path,
            files=urls(f"urlpatterns += [{PATTERN}]"),
            recording=asked("^media/(?P<path>.*)$"),
            DEBUG=False,
        )
        [finding] = found(case)
        assert finding.message.endswith(": 20 requests took 20 ms")
        assert finding.routes == ("GET ^media/(?P<path>.*)$",)
        assert finding.concern == "time"
        assert finding.evidence.share == 1

    def test_what_was_asked_is_there_whatever_it_depends_on(self, tmp_path):
        line = f"if settings.SERVE_MEDIA:\n        urlpatterns += [{PATTERN}]"
        case = told(tmp_path, files=urls(line), recording=asked("^media/(.*)$"), DEBUG=False)
        [finding] = found(case)
        assert finding.location is not None

    def test_what_was_asked_of_a_library(self):
        [finding] = found(told(recording=asked("/files/<path:path>"), DEBUG=False))
        assert finding.location is None
        assert finding.message.startswith("Files of /files/<path:path>")


class TestStaysSilent:
    @pytest.mark.parametrize(
        "line",
        [
            f"if settings.DEBUG:\n        urlpatterns += [{PATTERN}]",
            f"if settings.DEBUG and X:\n        urlpatterns += [{PATTERN}]",
            f"if settings.SERVE_MEDIA:\n        urlpatterns += [{PATTERN}]",
            "urlpatterns += static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT)",
            'urlpatterns += [path("media/", other.serve)]',
            'serve(request, "a.txt", document_root="x")',
        ],
    )
    def test_patterns_that_may_not_be_there(self, tmp_path, line):
        assert not found(told(tmp_path, files=urls(line)))

    @pytest.mark.parametrize("name", ["config__urls_dev", "tests__urls", "shop__local__urls"])
    def test_patterns_for_development_and_tests(self, tmp_path, name):
        files = {name: MEDIA.format(line=f"urlpatterns += [{PATTERN}]")}
        assert not found(told(tmp_path, files=files))

    def test_whitenoise_answers_before(self, tmp_path):
        line = 're_path("^static/(.*)", serve, {"document_root": settings.STATIC_ROOT})'
        whitenoise = ["whitenoise.middleware.WhiteNoiseMiddleware"]
        assert not found(told(tmp_path, files=urls(line), MIDDLEWARE=whitenoise))

    def test_the_files_are_on_another_host(self, tmp_path):
        line = f"urlpatterns += [{PATTERN}]"
        assert not found(told(tmp_path, files=urls(line), MEDIA_URL="remote"))

    def test_asked_while_debug_was_on(self):
        assert not found(told(recording=asked("/media/<path>"), DEBUG=True))

    def test_a_view_of_the_project_s_own(self):
        recording = asked("/media/<path>", view="shop.views.serve")
        assert not found(told(recording=recording, DEBUG=False))


class TestRefuses:
    def test_settings_that_are_not_known(self):
        assert not found(told(recording=asked("/media/<path>")))

    def test_debug_that_was_set_for_the_run(self):
        case = told(recording=asked("/media/<path>"), DEBUG=False)
        assert not found(replace(case, facts=replace(case.facts, changed=frozenset({"DEBUG"}))))
