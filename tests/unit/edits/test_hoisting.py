"""The same question in each round of a loop is asked once before it."""

from __future__ import annotations

from textwrap import dedent

import pytest
from tests.unit.codemod.conftest import span
from tests.unit.edits.spans import edited, finding_at

from nuages.codemod import Refusal
from nuages.codemod.draft import Draft
from nuages.edits import write
from nuages.model import Remedy

HOIST = Remedy(kind="hoist", code="asked")


def hoisted(marked: str) -> str:
    return edited(marked, "hoist", HOIST)


def test_an_answer_gets_a_name():
    source = """\
        def prices(request):
            for item in items:
                # the rate of the day
                rate = «Rate.objects.filter(day=request.day).order_by("pk").first()»
                item.show(rate)
        """
    assert hoisted(source) == dedent(
        """\
        def prices(request):
            the_rate = Rate.objects.filter(day=request.day).order_by("pk").first()
            for item in items:
                # the rate of the day
                rate = the_rate
                item.show(rate)
        """
    )


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("Rate.objects.count()", "number_of_rates"),
        ("models.Rate.objects.filter(live=True).exists()", "has_rates"),
        ("TaxRate.objects.last()", "tax_rate"),
    ],
)
def test_names_say_what_it_is(asked, name):
    text = hoisted(f"def f():\n    for i in range(3):\n        print(i, «{asked}»)\n")
    assert text == (
        f"def f():\n    {name} = {asked}\n    for i in range(3):\n        print(i, {name})\n"
    )


def test_rows_are_kept_by_the_queryset():
    source, location = span(
        "def f(users):\n    for user in users:\n        for tag in «Tag.objects.all()»:\n"
        "            print(user, tag)\n",
        "iterate",
    )
    draft = Draft(source)
    write(draft, finding_at(location, HOIST))
    assert draft.text == (
        "def f(users):\n    tags = Tag.objects.all()\n    for user in users:\n"
        "        for tag in tags:\n            print(user, tag)\n"
    )


LOOP = "def f(x):\n    for row in rows:\n        {}\n"
REFUSED = {
    "it may raise": ("a = «Rate.objects.get(day=1)»", "may raise"),
    "it writes": ("a = «Rate.objects.create(day=1)»", "may raise"),
    "it locks": ("a = «Rate.objects.select_for_update().first()»", "may raise"),
    "of the row": ("a = «Rate.objects.filter(row=row).first()»", "depends on"),
    "of what the loop makes": ("b = row.b; a = «Rate.objects.filter(b=b).first()»", "depends on"),
    "of the time": ("a = «Rate.objects.filter(day=now()).first()»", "in each round"),
    "by a method of its own": ("a = «Rate.objects.today().first()»", "may raise"),
    "of a related manager": ("a = «x.rates.first()»", "not a queryset of a manager"),
    "rows are written": ("a = «Rate.objects.first()»; row.save()", "rows are changed"),
    "it is changed": ("a = «Rate.objects.first()»; a.day = row", "a is changed"),
    "handled": ("try: a = «Rate.objects.first()»\n        except E: pass", "handled"),
    "on lines": ("a = «Rate.objects.filter(\n    day=1,\n).first()»", "several lines"),
    "names are taken": ("rate = the_rate = «Rate.objects.first()»", "the name rate is taken"),
}


@pytest.mark.parametrize(("body", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses(body, reason):
    with pytest.raises(Refusal) as refusal:
        hoisted(LOOP.format(body))
    assert reason in refusal.value.reason


def test_refuses_without_a_loop():
    with pytest.raises(Refusal, match="no for statement"):
        hoisted("def f(x):\n    return «Rate.objects.first()»\n")
