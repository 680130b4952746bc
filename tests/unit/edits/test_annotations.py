"""Counts of related rows become an annotation, read where it is there."""

from __future__ import annotations

from textwrap import dedent

import pytest
from tests.unit.codemod.conftest import span
from tests.unit.edits.spans import finding_at

from nuages.codemod import Refusal
from nuages.codemod.draft import Draft
from nuages.edits import write_in
from nuages.model import Location, Remedy

LINE = Location(file="posts/models.py", line=9, function="Line")
COUNT = Remedy(
    kind="annotate",
    path="lines",
    code='lines_count=Subquery(Line._default_manager.filter(order=OuterRef("pk")).order_by()'
    '.values(rows=Func("pk", function="COUNT", output_field=IntegerField())))',
    at=LINE,
)
EXISTS = Remedy(
    kind="annotate",
    path="lines",
    code='lines_exist=Exists(Line._default_manager.filter(order=OuterRef("pk")))',
    at=LINE,
)


def annotated(queryset: str, access: str, remedy: Remedy = COUNT) -> tuple[str, str]:
    """The view and the serializer after the edit."""
    view, created = span(dedent(queryset))
    other, read = span(dedent(access))
    read = Location(**{name: getattr(read, name) for name in read.__slots__} | {"file": "other.py"})
    drafts: dict[str, Draft] = {}
    sources = {f".:{created.file}": view, ".:other.py": other}
    write_in(drafts, sources, finding_at(read, remedy, created))
    return drafts[f".:{created.file}"].text, drafts[".:other.py"].text


READ = """\
    def total(order):
        return «order.lines.count()»
    """


def test_counts_for_the_rows_that_are_fetched():
    view, _ = annotated(
        """\
        from django.db.models import Sum

        from .models import Order

        class Orders(View):
            queryset = «Order.objects.filter(live=True)».order_by("pk")
        """,
        READ,
    )
    assert view == dedent(
        """\
        from django.db.models import Func, IntegerField, OuterRef, Subquery, Sum

        from .models import Line, Order

        class Orders(View):
            queryset = Order.objects.filter(live=True).annotate(
                lines_count=Subquery(
                    Line._default_manager.filter(order=OuterRef("pk"))
                    .order_by()
                    .values(rows=Func("pk", function="COUNT", output_field=IntegerField()))
                )
            ).order_by("pk")
        """
    )


@pytest.mark.parametrize(
    ("access", "expected"),
    [
        (
            "return «order.lines.count()»",
            'return order.lines_count if hasattr(order, "lines_count") else order.lines.count()',
        ),
        (
            "return 1 + «order.lines.count()»",
            'return 1 + (order.lines_count if hasattr(order, "lines_count") '
            "else order.lines.count())",
        ),
    ],
)
def test_reads_it_where_it_is_there(access, expected):
    _, other = annotated("orders = «Order.objects.all()»\n", f"def f(order):\n    {access}\n")
    assert other == f"def f(order):\n    {expected}\n"


def test_looks_for_rows():
    view, other = annotated(
        "orders = «Order.objects.all()»\n",
        "def f(order):\n    if «order.lines.exists()»: pass\n",
        EXISTS,
    )
    assert 'lines_exist=Exists(Line._default_manager.filter(order=OuterRef("pk")))' in view
    assert 'if (order.lines_exist if hasattr(order, "lines_exist") else' in other


@pytest.mark.parametrize(
    ("queryset", "access", "reason"),
    [
        ('o = «Order.objects.values("pk")»\n', READ, ".values() is in the chain"),
        ("o = «Order.objects.filter(x=1)».union(p)\n", READ, ".union() is in the chain"),
        ("o = «self.get_object()»\n", READ, "library code"),
        ("o = «Order»()\n", READ, "no call ends at"),
        ("o = «Order.objects.all()»\n", "n = «f(order).lines.count()»\n", "of an instance alone"),
        ("o = «Order.objects.all()»\n", "n = «count(order)»\n", "of an instance alone"),
    ],
)
def test_refuses_and_edits_neither(queryset, access, reason):
    with pytest.raises(Refusal) as refusal:
        annotated(queryset, access)
    assert reason in refusal.value.reason
