"""Rules are found by their files, their ids are the files' names, and each has its page."""

from __future__ import annotations

from pathlib import Path

import pytest

from nuages.cases import Case
from nuages.model import Facts
from nuages.rules import decided, load_rules

DOCS = Path(__file__).resolve().parents[3] / "docs"
RULES = load_rules()
IDS = [rule.ID for rule in RULES]


def test_rules_come_sorted_by_their_ids() -> None:
    assert sorted(IDS) == IDS


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_a_rule_is_named_as_its_file(rule) -> None:
    assert rule.__name__.rpartition(".")[2] == rule.ID.replace("-", "_")


@pytest.mark.parametrize("name", IDS)
def test_a_rule_has_a_page_that_the_index_links(name) -> None:
    assert (DOCS / "rules" / f"{name}.md").read_text("utf-8").startswith(f"# {name}\n")
    assert f"(rules/{name}.md)" in (DOCS / "index.md").read_text("utf-8")


def test_only_what_is_written_in_functions_is_decided_without_a_run() -> None:
    site = Case(facts=Facts(settings_module="config.production", settings={"DEBUG": False}))
    assert decided(site) == {"local-file", "sql-log-on"}


def test_settings_for_development_decide_nothing() -> None:
    settings = Facts(settings_module="config.settings.dev", settings={"DEBUG": True})
    assert decided(Case(facts=settings)) == frozenset()
