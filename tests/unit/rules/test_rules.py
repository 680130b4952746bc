"""Rules are found by their files, and their ids are the files' names."""

from nuages.rules import load_rules


def test_rules_come_sorted_by_their_ids():
    assert [rule.ID for rule in load_rules()] == ["n-plus-one", "slow-query"]


def test_a_rule_is_named_as_its_file():
    for rule in load_rules():
        assert rule.__name__.rpartition(".")[2] == rule.ID.replace("-", "_")
