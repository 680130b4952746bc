"""SQL that is logged, or kept, where a site is run."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.rules.settings import told
from tests.unit.rules.sources import text_at
from tests.unit.rules.traffic import passed, requests

from nuages.cases import Case
from nuages.model import Finding
from nuages.rules import sql_log_on

CONSOLE = {"class": "logging.StreamHandler", "filters": []}
ON = {
    "config__settings": """\
        DEBUG = True
        LOGGING = {
            "loggers": {
                "django.db.backends": {
                    "level": "DEBUG",
                    "handlers": ["console"],
                },
            },
        }
        """
}
SILK = sql_log_on.SILK
FORCED = """\
    class Keep:
        def __call__(self, request):
            connection.force_debug_cursor = True
            return self.get_response(request)
    """
WRAPPED = """\
    import logging
    from django.db import connection

    log = logging.getLogger(__name__)

    def logged(execute, sql, params, many, context):
        {body}
        return execute(sql, params, many, context)

    class Timing:
        def __call__(self, request):
            with connection.execute_wrapper(logged):
                return self.get_response(request)
    """


def found(case: Case) -> list[Finding]:
    return list(sql_log_on.find(case))


def logging(**loggers: dict[str, Any]) -> dict[str, Any]:
    return {"loggers": {name.replace("__", "."): told for name, told in loggers.items()}}


def printing(level: str | None = "DEBUG", /, **handler: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"handlers": [{**CONSOLE, **handler}]}
    return {**told, "level": level} if level else told


class TestFinds:
    def test_a_logger_that_prints_each_query(self, tmp_path):
        settings = {"DEBUG": True, "LOGGING": logging(django__db__backends=printing())}
        case = told(tmp_path, files=ON, **settings)
        [finding] = found(case)
        assert "written to StreamHandler" in finding.message
        assert finding.hint == 'give the logger "django.db.backends" the level "INFO" in LOGGING'
        assert text_at(case.code, finding.location) == '"level": "DEBUG",'

    @pytest.mark.parametrize(
        "loggers",
        [
            {"django": printing()},
            {"django__db": printing()},
            {"django": printing("INFO"), "django__db__backends": {"level": "DEBUG"}},
            {"root": printing("DEBUG"), "django": {"level": "NOTSET"}},
            {"django__db__backends": printing("DEBUG", filters=["x.RequireDebugTrue"])},
        ],
    )
    def test_loggers_that_pass_it_on(self, tmp_path, loggers):
        assert found(told(tmp_path, files=ON, DEBUG=True, LOGGING=logging(**loggers)))

    def test_production_s_settings_when_those_for_development_ran(self, tmp_path):
        text = """\
            from .base import *
            LOGGING = {
                "version": 1,
                "handlers": {"console": {"class": "logging.StreamHandler"}},
                "root": {"handlers": ["console"], "level": "INFO"},
                "loggers": {
                    "django.db.backends": {"level": "DEBUG"},
                },
            }
            """
        files = {
            "config__base": 'DEBUG = env.bool("DEBUG", True)\n',
            "config__dev": "from .base import *\n",
            "config__prod": text,
        }
        case = told(tmp_path, files=files, module="config.dev", DEBUG=True, LOGGING={})
        [finding] = found(case)
        assert text_at(case.code, finding.location) == '"django.db.backends": {"level": "DEBUG"},'

    def test_silk_for_every_request(self, tmp_path):
        files = {"config__settings": f'MIDDLEWARE = ["{SILK}"]\n'}
        case = told(tmp_path, files=files, DEBUG=False, MIDDLEWARE=[SILK])
        [finding] = found(case)
        assert SILK in text_at(case.code, finding.location)

    def test_a_cursor_that_keeps_sql(self, tmp_path):
        case = told(tmp_path, files={"shop__middleware": FORCED}, DEBUG=False)
        [finding] = found(case)
        assert text_at(case.code, finding.location) == "connection.force_debug_cursor = True"

    @pytest.mark.parametrize(
        "body", ["log.info(sql)", "print(sql)", "logging.warning('%s', sql)", "log.log(20, sql)"]
    )
    def test_a_middleware_that_logs_each_query(self, tmp_path, body):
        files = {"shop__middleware": WRAPPED.format(body=body)}
        case = told(tmp_path, files=files, MIDDLEWARE=["shop.middleware.Timing"])
        [finding] = found(case)
        assert "Every query is logged by logged" in finding.message
        assert text_at(case.code, finding.location) == body

    def test_an_object_that_is_called_for_each_query(self, tmp_path):
        text = """\
            class Log:
                def __call__(self, execute, sql, *rest):
                    try:
                        return execute(sql, *rest)
                    finally:
                        logger.info(sql)

            def middleware(get_response):
                def inner(request):
                    with connection.execute_wrapper(Log()):
                        return get_response(request)
                return inner
            """
        case = told(tmp_path, files={"shop__mw": text}, MIDDLEWARE=["shop.mw.middleware"])
        [finding] = found(case)
        assert text_at(case.code, finding.location) == "logger.info(sql)"


class TestStaysSilent:
    def test_debug_is_off_so_that_django_logs_nothing(self, tmp_path):
        files = {"config__settings": ON["config__settings"].replace("True", "False")}
        settings = {"DEBUG": False, "LOGGING": logging(django__db__backends=printing())}
        assert not found(told(tmp_path, files=files, **settings))

    @pytest.mark.parametrize(
        "loggers",
        [
            {"django__db__backends": printing("INFO")},
            {"django__db__backends": printing("DEBUG", level="WARNING")},
            {"django__db__backends": printing("DEBUG", filters=["x.RequireDebugFalse"])},
            {"django__db__backends": {"level": "DEBUG", "handlers": [{"class": "NullHandler"}]}},
            {"django__db__backends": {"level": "DEBUG"}},
            {"django__db__backends": {"level": "DEBUG", "propagate": False}, "root": printing()},
            {"root": printing()},  # Django's own logger is at INFO
            {},
        ],
    )
    def test_loggers_that_print_no_query(self, tmp_path, loggers):
        assert not found(told(tmp_path, files=ON, DEBUG=True, LOGGING=logging(**loggers)))

    def test_settings_for_development(self, tmp_path):
        files = {"config__dev": ON["config__settings"], "shop__middleware": FORCED}
        settings = {"DEBUG": True, "LOGGING": logging(django__db__backends=printing())}
        assert not found(told(tmp_path, files=files, module="config.dev", **settings))

    @pytest.mark.parametrize(
        "settings",
        [
            {"DEBUG": True, "MIDDLEWARE": [SILK]},
            {"DEBUG": False, "MIDDLEWARE": [SILK], "SILKY_INTERCEPT_PERCENT": 1},
            {"DEBUG": False, "MIDDLEWARE": []},
        ],
    )
    def test_silk_for_few_or_none(self, tmp_path, settings):
        assert not found(told(tmp_path, files={"config__settings": "X = 1\n"}, **settings))

    def test_silk_for_those_that_are_chosen(self, tmp_path):
        files = {"config__settings": "SILKY_INTERCEPT_FUNC = chosen\n"}
        assert not found(told(tmp_path, files=files, DEBUG=False, MIDDLEWARE=[SILK]))

    def test_silk_that_is_slow_is_a_slow_middleware(self):
        recording = requests(passed(SILK, ms=25))
        assert not found(told(recording=recording, DEBUG=False, MIDDLEWARE=[SILK]))

    @pytest.mark.parametrize(
        ("file", "text"),
        [
            ("shop__middleware", "if settings.DEBUG:\n    connection.force_debug_cursor = True\n"),
            ("shop__profile", "c.force_debug_cursor = True\nc.force_debug_cursor = False\n"),
            ("shop__profile", "c.force_debug_cursor = True\nc.force_debug_cursor = before\n"),
            ("shop__tests__test_sql", "c.force_debug_cursor = True\n"),
            ("shop__management__commands__profile", "c.force_debug_cursor = True\n"),
        ],
    )
    def test_a_cursor_that_keeps_sql_for_a_while(self, tmp_path, file, text):
        assert not found(told(tmp_path, files={file: text}))

    @pytest.mark.parametrize(
        "body",
        ["log.debug(sql)", "if slow:\n            log.info(sql)", "seen.append(sql)",
         "self.counter += 1"],
    )  # fmt: skip
    def test_a_middleware_that_logs_few_or_none(self, tmp_path, body):
        files = {"shop__middleware": WRAPPED.format(body=body)}
        assert not found(told(tmp_path, files=files, MIDDLEWARE=["shop.middleware.Timing"]))

    def test_a_middleware_that_is_not_installed(self, tmp_path):
        files = {"shop__middleware": WRAPPED.format(body="log.info(sql)")}
        assert not found(told(tmp_path, files=files, MIDDLEWARE=["other.middleware.Timing"]))


class TestRefuses:
    def test_logging_that_another_function_sets_up(self, tmp_path):
        settings = {"LOGGING": logging(django__db__backends=printing()), "LOGGING_CONFIG": None}
        assert not found(told(tmp_path, files=ON, DEBUG=True, **settings))

    def test_settings_that_are_not_known(self, tmp_path):
        assert not found(told(tmp_path, files=ON))
