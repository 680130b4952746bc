"""Which transactions wait for others, and which only look like it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.rules.recordings import COMMAND, FEED, HOME, TEST, at, called, with_calls
from tests.unit.rules.sources import code as project

from nuages.cases import Case
from nuages.code import Code
from nuages.model import CallGroup, Facts, Finding
from nuages.rules import transaction_across_outside_call

CHARGE = at(12, "shop/views.py", "pay")
BLOCK = at(10, "shop/views.py", "pay", "with")
ATOMIC = Facts(settings={"DATABASES": {"default": {"ATOMIC_REQUESTS": True}}})


def found(*calls: CallGroup, code: Code | None = None, facts: Facts | None = None) -> list[Finding]:
    case = Case(with_calls(*calls), facts or Facts(), code or Code())
    return list(transaction_across_outside_call.find(case))


def charged(times: int = 1, inside: int = 1, **changes: object) -> CallGroup:
    outcomes = {"2xx": times} | ({"in transaction": inside} if inside else {})
    changes = {"ms": 300, "location": CHARGE, "outcomes": outcomes} | changes
    return called("outside", "https://pay.example", "POST", times, **changes)  # type: ignore[arg-type]


def opened(**changes: object) -> CallGroup:
    outcomes = {"committed": 1, "outside call inside": 1}
    changes = {"ms": 320, "location": BLOCK, "outcomes": outcomes} | changes
    return called("transaction", "default", "open", **changes)  # type: ignore[arg-type]


VIEW = """
    import requests
    from django.core.mail import send_mail
    from django.db import transaction
    from django.db.transaction import atomic
    {text}
"""


class TestFinds:
    def test_a_transaction_that_waits_for_a_payment(self):
        (finding,) = found(charged(), opened())
        assert finding.message == (
            "A transaction, its locks and its connection wait 300 ms for each call of pay.example"
        )
        assert finding.hint == (
            "make the call in transaction.on_commit(…), after the transaction at shop/views.py:10"
        )
        assert (finding.location, finding.created_at) == (CHARGE, BLOCK)
        assert finding.concern == "hazard"
        assert finding.remedy.kind == "move"

    def test_how_long_it_was_held(self):
        evidence = found(charged(), opened())[0].evidence
        assert (evidence.wall_ms, evidence.calls) == (320, 1)
        assert evidence.figures == {
            "transaction_ms": 320, "outside_ms": 300, "asked_at": "shop/views.py:12",
        }  # fmt: skip

    def test_the_statement_to_move_where_a_function_elsewhere_asks(self, tmp_path):
        text = "from shop import bank\n    @atomic\n    def pay(order):\n        bank.charge(order)"
        source = project(tmp_path, shop__views=VIEW.format(text=text))
        (finding,) = found(charged(location=at(3, "shop/bank.py", "charge")), code=source)
        assert (finding.location.file, finding.location.line) == ("shop/views.py", 9)
        assert finding.evidence.figures["asked_at"] == "shop/bank.py:3"

    def test_the_call_itself_where_several_statements_lead_to_it(self, tmp_path):
        text = "@atomic\n    def pay(order):\n        charge(order)\n        charge(order)"
        source = project(tmp_path, shop__views=VIEW.format(text=text))
        (finding,) = found(charged(location=at(3, "shop/bank.py", "charge")), code=source)
        assert finding.location == at(3, "shop/bank.py", "charge")

    def test_only_the_calls_inside(self):
        (finding,) = found(charged(4, inside=1), opened())
        assert finding.evidence.calls == 1
        assert finding.evidence.figures["outside_ms"] == 300

    def test_one_that_the_setting_opens(self):
        (finding,) = found(charged(), opened(location=None), facts=ATOMIC)
        assert "that ATOMIC_REQUESTS opens for the whole request" in finding.hint
        assert finding.created_at is None

    def test_what_is_read_can_be_asked_before(self):
        (finding,) = found(replace(charged(), operation="GET"), opened())
        assert finding.hint.startswith("ask before the transaction at shop/views.py:10 begins")

    @pytest.mark.parametrize("scope", [COMMAND, TEST])
    def test_commands_and_code_that_a_test_calls(self, scope):
        (finding,) = found(charged(scope=scope), opened(scope=scope))
        assert finding.evidence.calls == 1

    def test_a_mail_that_was_kept(self):
        (finding,) = found(replace(charged(), name="mail", operation="locmem"), opened())
        assert "it was kept here, so its time is unknown" in finding.message
        assert finding.confidence < 0.9

    def test_a_call_that_was_refused(self):
        outcomes = {"MaxRetryError": 1, "in transaction": 1}
        (finding,) = found(charged(outcomes=outcomes), opened())
        assert finding.message.endswith("it was refused or failed here")

    def test_only_the_transaction_of_the_same_function_where_there_are_more(self):
        (finding,) = found(charged(), opened(), opened(location=at(90, function="other"), ms=9000))
        assert finding.evidence.wall_ms == 320
        assert finding.created_at == BLOCK

    @pytest.mark.parametrize(
        "text",
        [
            "def pay(order):\n        with transaction.atomic():\n            requests.post('…')",
            "@transaction.atomic\n    def pay(order):\n        requests.post('…', timeout=3)",
            "@atomic()\n    def pay(order):\n        send_mail('…')",
            "def pay(order):\n        with lock, atomic(using='b'):\n"
            "            if order:\n                send_mail('…')",
        ],
    )
    def test_without_a_recording_what_stands_inside_of_a_block(self, tmp_path, text):
        (finding,) = found(code=project(tmp_path, shop__pay=VIEW.format(text=text)))
        assert finding.location.function == "pay"
        assert finding.evidence.wall_ms == 0

    def test_one_line_once_recorded_and_written(self, tmp_path):
        text = "def pay(order):\n        with atomic():\n            requests.post('…')"
        source = project(tmp_path, shop__views=VIEW.format(text=text))
        (finding,) = found(charged(location=at(8, "shop/views.py")), opened(), code=source)
        assert finding.evidence.calls == 1


class TestStaysSilent:
    @pytest.mark.parametrize(
        "call",
        [
            charged(inside=0),
            charged(location=None),
            charged(location=at(1, "tests/test_pay.py")),
            replace(charged(), name="redis:6379", operation="connect"),
            replace(charged(), name="subprocess", operation="git"),
            replace(charged(), kind="cache", name="default", operation="set"),
        ],
    )
    def test_on_calls_that_hold_no_transaction(self, call):
        assert not found(call, opened())

    @pytest.mark.parametrize(
        "text",
        [
            "def pay(order):\n        with atomic():\n            order.save()\n"
            "        requests.post('…')",
            "def pay(order):\n        with atomic():\n"
            "            transaction.on_commit(lambda: requests.post('…'))",
            "@atomic\n    def pay(order):\n        def send():\n            requests.post('…')\n"
            "        transaction.on_commit(send)",
            "def pay(order):\n        with lock():\n            requests.post('…')",
            "def pay(order):\n        with atomic():\n            session.post('…')",
            "@atomic\n    def pay(order):\n        class Sender:\n"
            "            def send(self):\n                requests.post('…')",
        ],
    )
    def test_on_calls_outside_of_the_block(self, tmp_path, text):
        assert not found(code=project(tmp_path, shop__pay=VIEW.format(text=text)))

    def test_on_tests(self, tmp_path):
        text = "@atomic\n    def test_pay():\n        requests.post('…')"
        assert not found(code=project(tmp_path, tests__test_pay=VIEW.format(text=text)))


class TestRefuses:
    def test_to_name_a_transaction_where_there_are_several(self):
        elsewhere = at(90, function="other")
        (finding,) = found(
            charged(location=at(5, "shop/api.py", "charge")), opened(), opened(location=elsewhere)
        )
        assert finding.created_at is None

    def test_a_recording_that_tells_of_no_transactions(self):
        assert not found(called("outside", "https://pay.example", "POST", scope=HOME))
        assert not found(opened(scope=FEED))
