"""The agent's set is copied out alone, and a child's environment leads to it."""

from __future__ import annotations

import os

import pytest

from nuages import attach
from nuages.agent.attach import AttachConfig

CONFIG = AttachConfig(roots={".": "/project"}, mode="deep", spool="/spool")


def test_a_configuration_survives_its_journey():
    assert AttachConfig.from_json(CONFIG.to_json()) == CONFIG


def test_a_configuration_of_another_version_is_refused():
    text = CONFIG.to_json().replace(CONFIG.version, "99")
    with pytest.raises(ValueError, match="attach by nuages 99"):
        AttachConfig.from_json(text)


def test_only_the_agents_set_is_copied(tmp_path):
    attach.prepare(tmp_path, CONFIG, {})
    package = tmp_path / "attach" / "nuages"
    names = {path.name for path in package.iterdir()}
    assert names <= set(attach.AGENT_SET)
    assert {"__init__.py", "agent", "record", "pytest_plugin.py"} <= names
    assert not list(package.rglob("__pycache__"))


def test_what_stood_on_the_path_stays_behind_the_agent(tmp_path):
    additions = attach.prepare(tmp_path, CONFIG, {"PYTHONPATH": f"{os.pathsep}/lib"})
    assert additions["PYTHONPATH"].split(os.pathsep) == [str(tmp_path / "attach"), "", "/lib"]


def test_pytest_is_told_of_the_plugin_beside_its_own_options(tmp_path):
    additions = attach.prepare(tmp_path, CONFIG, {"PYTEST_ADDOPTS": "-x"})
    assert additions["PYTEST_ADDOPTS"] == "-x -p nuages.pytest_plugin"
    again = attach.prepare(tmp_path, CONFIG, additions)
    assert "PYTEST_ADDOPTS" not in again


def test_without_a_recorder_pytest_is_left_alone(tmp_path):
    additions = attach.prepare(tmp_path, AttachConfig(), {})
    assert "PYTEST_ADDOPTS" not in additions


def test_two_configurations_of_one_run_do_not_overwrite_each_other(tmp_path):
    first = attach.prepare(tmp_path, CONFIG, {})
    second = attach.prepare(tmp_path, AttachConfig(), {})
    assert first["NUAGES_ATTACH"] != second["NUAGES_ATTACH"]
