"""What gives the same for everybody is kept, where one key is enough and a list does as well."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pytest
from tests.unit.codemod.conftest import span
from tests.unit.edits.spans import finding_at

from nuages.codemod import Refusal
from nuages.codemod.draft import Draft
from nuages.edits import write_in
from nuages.edits.caching import RULE
from nuages.model import Remedy


def kept(marked: str, function: str = "sidebar", kind: str = "call") -> str:
    source, location = span(dedent(marked))
    finding = finding_at(
        replace(location, function=function, kind=kind), Remedy(kind="cache", path="60")
    )
    drafts: dict[str, Draft] = {}
    write_in(drafts, {f".:{location.file}": source}, replace(finding, rule=RULE))
    return drafts[f".:{location.file}"].text


def test_rows_are_kept_as_a_list_with_the_slice():
    marked = """\
        from django.db.models import Count

        from posts.models import Tag


        def sidebar(request):
            trending = «Tag.objects.annotate(uses=Count("posts")).order_by("-uses")»[:12]
            return {"trending": trending}
        """
    assert kept(marked) == dedent(
        """\
        from django.core.cache import cache
        from django.db.models import Count

        from posts.models import Tag


        def sidebar(request):
            trending = cache.get_or_set(
                "posts.views.sidebar.trending",
                lambda: list(Tag.objects.annotate(uses=Count("posts")).order_by("-uses")[:12]),
                60,
            )
            return {"trending": trending}
        """
    )


def test_a_value_is_kept_as_it_is():
    marked = """\
        from django.core.cache import cache

        def home(request):
            return render(request, "home.html", {"users": «User.objects.count()»})
        """
    assert kept(marked, "home") == dedent(
        """\
        from django.core.cache import cache

        def home(request):
            return render(request, "home.html", {"users": cache.get_or_set(
                "posts.views.home",
                lambda: User.objects.count(),
                60,
            )})
        """
    )


def test_a_short_one_stays_on_its_line():
    text = kept("def f():\n    tag = «Tag.objects.first()»\n    return tag.name\n", "f")
    assert text.startswith("from django.core.cache import cache\n\n\ndef f():\n")
    assert (
        '    tag = cache.get_or_set("posts.views.f.tag", lambda: Tag.objects.first(), 60)\n' in text
    )


def test_what_a_method_asks_has_its_class_in_the_key():
    loop = "for t in «Tag.objects.all()»:\n            t.x()\n"
    marked = f"class A:\n    def get(self, r):\n        {loop}"
    assert '"posts.views.A.get"' in kept(marked, "A.get")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("x = «Tag.objects.filter(user=request.user)»", "depends on request"),
        ("today = now()\n    x = «Tag.objects.filter(day=today)»", "depends on today"),
        ("x = «request.user.tags.all()»", "not a queryset of a manager alone"),
        ("x = «Tag.objects.all()»\n    return x.filter(a=1)", "x is gone on with"),
        ("x = «Tag.objects.all()»\n    return x", "x is gone on with"),
        ("x = «Tag.objects.all()»\n    y = x | other", "x is gone on with"),
        ("return «Tag.objects.all()»", "may go on with a queryset"),
        ("x = «Tag.objects.select_for_update()»", "locks"),
        ("x = «Tag.objects.create()»", ".create() gives is not known"),
        ("x = «Tag.objects.iterator()»", ".iterator() gives is not known"),
        ("x = «Tag.objects.first()».name", "what is made of its rows"),
        ("x = [lambda: «Tag.objects.count()»]", "lambda"),
        ("cache = {}\n    x = «Tag.objects.count()»", "the name cache is taken"),
    ],
)
def test_refused(body, reason):
    with pytest.raises(
        Refusal, match=reason.replace(".", r"\.").replace("(", r"\(").replace(")", r"\)")
    ):
        kept(f"def sidebar(request):\n    {body}\n")


@pytest.mark.parametrize(
    ("marked", "reason"),
    [
        ("tags = «Tag.objects.all()»\n", "not asked in the body of a function"),
        ("class V:\n    queryset = «Tag.objects.all()»\n", "not asked in the body of a function"),
        ("def f(n=«Tag.objects.count()»):\n    pass\n", "not asked in the body of a function"),
        ("async def f():\n    n = await «Tag.objects.acount()»\n", "gives is not known"),
        ("async def f():\n    for t in «Tag.objects.all()»:\n        pass\n", "asynchronous"),
        (
            "def f(user):\n    def g():\n        n = «Tag.objects.filter(u=user).count()»\n",
            "depends on user",
        ),
    ],
)
def test_refused_where_it_is_asked(marked, reason):
    with pytest.raises(Refusal, match=reason):
        kept(marked, "f")


def test_other_remedies_of_the_kind_are_left_to_their_readers():
    source, location = span("def f():\n    x = «Tag.objects.count()»\n")
    finding = finding_at(location, Remedy(kind="cache", path="60"))
    with pytest.raises(Refusal):
        write_in({}, {f".:{location.file}": source}, finding)
