"""DEBUG that nothing turns off, or that a server ran with."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.rules.recordings import FEED, MS
from tests.unit.rules.settings import told
from tests.unit.rules.sources import text_at

from nuages.cases import Case
from nuages.model import Finding, Recording, ScopeStats
from nuages.rules import debug_on

ON = {"config__settings": "DEBUG = True\n"}


def found(case: Case) -> list[Finding]:
    return list(debug_on.find(case))


def served_by(server: str, argv: str = "", **settings: object) -> Case:
    scopes = (ScopeStats(scope=FEED, executions=40, wall_ns=40 * MS),)
    case = told(recording=Recording(scopes=scopes, meta={"argv": argv}), **settings)
    return replace(case, facts=replace(case.facts, server=server))


class TestFinds:
    def test_settings_that_say_so_and_no_others(self, tmp_path):
        case = told(tmp_path, files=ON, DEBUG=True)
        [finding] = found(case)
        assert finding.message.startswith(
            "DEBUG is on in config/settings.py, and no other settings turn it off"
        )
        assert text_at(case.code, finding.location) == "DEBUG = True"
        assert finding.concern == "hazard"
        assert finding.remedy.path == "DEBUG"

    def test_what_is_written_in_the_settings_that_it_takes_over(self, tmp_path):
        files = {"config__settings": "from .base import *\n", "config__base": "DEBUG = True\n"}
        case = told(tmp_path, files=files, DEBUG=True)
        [finding] = found(case)
        assert finding.location is not None
        assert finding.location.file == "config/base.py"

    def test_other_settings_that_are_for_development(self, tmp_path):
        files = {**ON, "config__settings_test": "DEBUG = False\n", "tests__conf": "DEBUG = False\n"}
        assert found(told(tmp_path, files=files, DEBUG=True))

    @pytest.mark.parametrize("server", ["gunicorn", "uwsgi", "daphne", "mod_wsgi"])
    def test_a_server_that_ran_with_it(self, server):
        [finding] = found(served_by(server, DEBUG=True))
        assert f"in {server}, which runs with config.settings" in finding.message
        assert finding.evidence.requests == 40
        assert finding.routes == ("GET /api/feed/",)
        assert finding.confidence == 0.9

    @pytest.mark.parametrize(
        "value",
        ['env.bool("DEBUG", True)', 'env.boolean("DEBUG", default=True)', "True",
         'os.environ.get("DEBUG", "1") == "1"', 'bool(int(os.getenv("DEBUG", 1)))'],
    )  # fmt: skip
    @pytest.mark.parametrize("ran", ["config.dev", "config.production"])
    def test_production_s_settings_that_leave_it_on(self, tmp_path, value, ran):
        files = {
            "config__base": f"DEBUG = {value}\n",
            "config__dev": "from .base import *\n",
            "config__production": "from .base import *\nCACHES = {}\n",
        }
        [finding] = found(told(tmp_path, files=files, module=ran, DEBUG=True))
        assert "in config/production.py" in finding.message
        assert finding.location is not None
        assert finding.location.file == "config/base.py"


class TestStaysSilent:
    @pytest.mark.parametrize(
        "value",
        ['env.bool("DEBUG", False)', 'env.bool("DEBUG")', 'os.environ.get("DEBUG") == "1"',
         'env.bool("DEBUG", not LIVE)', "False", 'os.environ.get("DEBUG", "0") == "1"'],
    )  # fmt: skip
    def test_production_s_settings_that_leave_it_off(self, tmp_path, value):
        files = {
            "config__base": f"DEBUG = {value}\n",
            "config__dev": "from .base import *\nDEBUG = True\n",
            "config__production": "from .base import *\n",
        }
        assert not found(told(tmp_path, files=files, module="config.dev", DEBUG=True))

    def test_production_s_settings_that_a_variable_turned_off_here(self, tmp_path):
        files = {"config__production": 'DEBUG = env.bool("DEBUG", True)\n'}
        assert not found(told(tmp_path, files=files, module="config.production", DEBUG=False))

    def test_off(self, tmp_path):
        assert not found(told(tmp_path, files={"config__settings": "DEBUG = False\n"}, DEBUG=False))

    @pytest.mark.parametrize("module", ["config.settings.dev", "local_settings", "tests.settings"])
    def test_settings_for_development(self, tmp_path, module):
        files = {module.replace(".", "__"): "DEBUG = True\n"}
        assert not found(told(tmp_path, files=files, module=module, DEBUG=True))

    @pytest.mark.parametrize(
        "text",
        [
            'DEBUG = os.environ.get("DEBUG", "1") == "1"\n',
            'DEBUG = env.bool("DEBUG", default=True)\n',
            "DEBUG = not PRODUCTION\n",
            "if not LIVE:\n    DEBUG = True\n",
            "DEBUG = True\nif LIVE:\n    DEBUG = False\n",
        ],
    )
    def test_settings_that_leave_it_to_something_else(self, tmp_path, text):
        assert not found(told(tmp_path, files={"config__settings": text}, DEBUG=True))

    @pytest.mark.parametrize("text", ["DEBUG = False\n", "DEBUG = env('DEBUG')\n"])
    def test_other_settings_that_turn_it_off(self, tmp_path, text):
        files = {**ON, "config__production": f"from .settings import *\n{text}"}
        assert not found(told(tmp_path, files=files, DEBUG=True))

    @pytest.mark.parametrize(
        "text",
        [
            "try:\n    from .local import *\nexcept ImportError:\n    pass\n",
            "exec(open('/etc/shop.py').read())\n",
            "include(optional('live.py'))\n",
        ],
    )
    def test_settings_that_take_in_a_file_of_the_machine(self, tmp_path, text):
        files = {"config__settings": f"DEBUG = True\n{text}"}
        assert not found(told(tmp_path, files=files, DEBUG=True))

    @pytest.mark.parametrize("server", ["runserver", "pytest", "manage.py test", "nuages", ""])
    def test_what_is_no_server_of_a_site(self, server):
        assert not found(served_by(server, DEBUG=True))

    def test_a_server_that_reloads_what_is_edited(self):
        assert not found(served_by("uvicorn", "uvicorn config.asgi --reload", DEBUG=True))


class TestRefuses:
    def test_settings_that_are_not_known(self, tmp_path):
        assert not found(told(tmp_path, files=ON))

    def test_code_that_is_not_there(self):
        assert not found(told(DEBUG=True))
