from __future__ import annotations

import pytest

from nuages.stack.autoscale import Autoscaler, Bounds, Load


def load(replicas: int, utilisation: float) -> Load:
    return Load(replicas=replicas, cpu=utilisation * replicas, in_flight=0, at_once=4)


def scaler(least=1, most=8) -> Autoscaler:
    return Autoscaler(bounds=Bounds(least=least, most=most), up_after=4, down_after=60, pause=8)


def follow(scaler: Autoscaler, replicas: int, utilisation: float, seconds: range) -> list[int]:
    """What it wants at each second, each wish fulfilled at once, the work staying the same."""
    wanted = []
    work = replicas * utilisation
    for now in seconds:
        replicas = scaler.wanted(load(replicas, work / replicas), now=float(now))
        wanted.append(replicas)
    return wanted


class TestUp:
    def test_it_waits_for_load_that_lasts(self):
        assert follow(scaler(), 2, 0.9, range(100, 104)) == [2, 2, 2, 2]

    def test_it_adds_as_many_as_the_load_needs(self):
        assert follow(scaler(), 2, 1.0, range(100, 106))[-1] == 3

    def test_it_doubles_at_most_and_keeps_to_its_bounds(self):
        assert max(follow(scaler(), 2, 5.0, range(100, 106))) == 4
        assert max(follow(scaler(most=3), 2, 5.0, range(100, 200))) == 3

    def test_requests_that_wait_count_as_cpu_does(self):
        waiting = Load(replicas=1, cpu=0.1, in_flight=12, at_once=4)
        assert waiting.utilisation == 3.0


class TestDown:
    def test_it_takes_a_minute_and_one_at_a_time(self):
        wanted = follow(scaler(), 4, 0.05, range(100, 300))
        assert wanted[:60] == [4] * 60
        assert wanted[60] == 3
        assert wanted[-1] == 1

    def test_it_does_not_take_what_it_would_give_back(self):
        assert follow(scaler(), 2, 0.29, range(100, 400))[-1] == 1
        busy = scaler()
        assert follow(busy, 2, 0.45, range(100, 400))[-1] == 2

    @pytest.mark.parametrize("utilisation", [0.3, 0.5, 0.69])
    def test_load_between_the_two_marks_changes_nothing(self, utilisation):
        assert set(follow(scaler(), 3, utilisation, range(100, 500))) == {3}

    def test_load_that_swings_does_not_swing_it(self):
        swinging = scaler()
        wanted = [swinging.wanted(load(2, 0.9 if now % 4 < 2 else 0.1), now=float(now))
                  for now in range(100, 400)]  # fmt: skip
        assert set(wanted) == {2}


class TestBounds:
    def test_they_are_reached_at_once(self):
        assert scaler(least=3).wanted(load(1, 0.0), now=1.0) == 3

    @pytest.mark.parametrize("text", ["1", "8..1", "0..4", "a..b", "1..", "..3"])
    def test_what_is_none_is_refused(self, text):
        with pytest.raises(ValueError):
            Bounds.parse(text)

    def test_they_are_read(self):
        assert Bounds.parse("1..8") == Bounds(least=1, most=8)
