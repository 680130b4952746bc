"""Everything that is wrong in benchmarks/accuracy is found where it is, and nothing else."""

from __future__ import annotations

import sys

import pytest

from benchmarks.accuracy.places import expected
from benchmarks.accuracy.running import of_nuages
from benchmarks.accuracy.scoring import score

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    said, names = of_nuages(sys.executable, tmp_path_factory.mktemp("accuracy"))
    return score(said, expected(), names)


def test_there_are_enough_places():
    assert len(expected()) >= 60


def test_everything_is_found_at_its_line_with_its_remedy(scored):
    assert scored.missed == []
    assert sorted(scored.at_the_line) == sorted(scored.found)
    assert scored.other_advice == []


def test_nothing_is_said_where_nothing_is_wrong(scored):
    assert scored.false == []


def test_nothing_is_said_beside_what_is_wrong(scored):
    assert scored.beside == []
