"""What requests change in the project's modules."""

from __future__ import annotations

import importlib
import sys

import pytest

from nuages.record import landmarks, state
from nuages.record.execution import Execution
from nuages.record.ownership import Ownership

SHOP = """
import functools
from collections import defaultdict, deque

CARTS, PRICES, GONE = {}, {"tea": 1}, [1, 2]
SEEN = deque(maxlen=100)
BY_USER = defaultdict(list)
FLAGS = bytearray(2)
COUNT = 1000
LARGE = dict.fromkeys(range(1000))


class Hostile:
    shared = []

    def __init__(self):
        self.held = {}

    def __len__(self):
        raise SystemExit

    __eq__ = __hash__ = __bool__ = __len__


store = Hostile()


@functools.lru_cache
def price(name):
    return name


def nothing():
    pass


def rebind():
    global COUNT, NEW
    COUNT += 1
    NEW = Hostile()
"""
VIEWS = "import shop_state\nfrom shop_state import CARTS\nfrom shop_state import CARTS as MINE\n"


@pytest.fixture
def shop(tmp_path, monkeypatch):
    (tmp_path / "shop_state.py").write_text(SHOP)
    (tmp_path / "views_state.py").write_text(VIEWS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(state, "is_on", True)
    before = landmarks._ownership
    landmarks.set_ownership(Ownership({".": str(tmp_path)}))
    state.clear()
    importlib.import_module("views_state")
    yield sys.modules["shop_state"]
    state.clear()
    landmarks._ownership = before
    for name in ("shop_state", "views_state"):
        del sys.modules[name]


def request(work, name="GET /"):
    execution = Execution("request", name)
    state.began(execution)
    work()
    state.ended(execution)
    return {event.key[1]: event.key[2] for event in execution.events}


def test_what_stays_is_not_told(shop):
    assert request(shop.nothing) == {}


@pytest.mark.parametrize(
    ("change", "name", "operation"),
    [
        (lambda shop: shop.CARTS.update(a=1), "CARTS", "grown"),
        (lambda shop: shop.PRICES.update(tea=2), "PRICES", "changed"),
        (lambda shop: shop.GONE.pop(), "GONE", "shrunk"),
        (lambda shop: shop.SEEN.append(1), "SEEN", "grown"),
        (lambda shop: shop.BY_USER["a"].append(1), "BY_USER", "grown"),
        (lambda shop: shop.FLAGS.__setitem__(0, 1), "FLAGS", "changed"),
        (lambda shop: shop.LARGE.update(a=1), "LARGE", "grown"),
        (lambda shop: shop.Hostile.shared.append(1), "Hostile.shared", "grown"),
        (lambda shop: shop.store.held.update(a=1), "store.held", "grown"),
        (lambda shop: shop.price("tea"), "price", "lru_cache grown"),
    ],
)
def test_a_change_is_told_by_name(shop, change, name, operation):
    assert request(lambda: change(shop)) == {f"shop_state.{name}": operation}


def test_growth_inside_a_container_is_growth(shop):
    shop.BY_USER["a"].append(1)
    assert request(lambda: shop.BY_USER["a"].append(2)) == {"shop_state.BY_USER": "grown"}


class Pretender:
    """What stands among the modules of a project that uses cffi: its class is not a module's."""

    __class__ = type(sys)


@pytest.mark.parametrize("entry", [Pretender(), None, object()])
def test_what_only_says_that_it_is_a_module_is_none(shop, monkeypatch, entry):
    monkeypatch.setitem(sys.modules, "pretender", entry)
    assert request(lambda: shop.CARTS.update(a=1)) == {"shop_state.CARTS": "grown"}


def test_a_name_bound_anew_is_told(shop):
    assert request(shop.rebind) == {"shop_state.COUNT": "rebound", "shop_state.NEW": "rebound"}


def test_requests_that_overlap_are_left_out(shop):
    def inner():
        assert request(lambda: shop.CARTS.update(b=1)) == {}

    assert request(inner) == {}
    assert request(lambda: shop.CARTS.update(c=1)) == {"shop_state.CARTS": "grown"}


def test_a_route_is_looked_at_often_at_first_and_rarely_later(shop):
    told = [bool(request(lambda: shop.SEEN.append(1))) for _ in range(10)]
    assert told == [True] * 8 + [False] * 2
    for _ in range(80):
        request(shop.nothing)
    later = sum(bool(request(lambda: shop.SEEN.append(1))) for _ in range(state.EVERY * 2))
    assert later == 2


def test_the_first_requests_of_a_new_route_are_looked_at_again(shop):
    for _ in range(200):
        request(shop.nothing)
    told = sum(
        bool(request(lambda: shop.SEEN.append(1), "GET /new/")) for _ in range(state.EVERY + 8)
    )
    assert told >= state.FIRST


def test_nothing_is_looked_at_unless_recording_is_deep(shop, monkeypatch):
    monkeypatch.setattr(state, "is_on", False)
    assert request(lambda: shop.CARTS.update(a=1)) == {}
