"""A shop whose querysets are made in classes, forms and functions elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.fix.site import Site

from nuages.code import Code
from nuages.diagnose import diagnose
from nuages.fix import RunOutcome, combine, propose, trials, verify
from nuages.model import Finding

pytest.importorskip("rest_framework")
pytestmark = pytest.mark.xdist_group("fixed-shop")  # verified once, on one worker

SHOP = Path(__file__).parent / "projects" / "shop"
# Path → queries before, and after every fix that was verified.
QUERIES = {
    "/orders/": (21, 1),
    "/named/": (41, 1),
    "/filtered/": (16, 1),
    "/open/": (16, 1),
    "/chosen/": (16, 1),
    "/passed/": (41, 1),
    "/helped/": (31, 1),
    "/one/1/": (5, 3),
    "/listed/": (31, 1),
    "/listed-by/": (31, 31),
    "/notes/": (101, 25),
    "/sent/": (21, 21),
    "/lines/": (41, 1),
    "/managed/": (31, 1),
    "/appended/": (42, 2),
    "/choosing/": (7, 1),
    "/choosing-late/": (6, 1),
    "/choosing-order/": (21, 21),
    "/choosing-customer/": (1, 1),
    "/sliced/": (21, 1),
    "/bulk/": (11, 1),
    "/united/": (33, 1),
    "/first/": (9, 9),
    "/api/counted/": (20, 4),
    "/api/counted/1/": (5, 5),
    "/counts/": (9, 1),
    "/counts-open/": (9, 9),
    "/looked-up/": (7, 2),
    "/looked-up-by-name/": (21, 2),
    "/looked-up-and-tried/": (4, 4),
    "/looked-up-of-generator/": (4, 4),
    "/receipts/": (17, 4),
    "/receipts/read/": (12, 4),
    "/receipts/renamed/": (11, 5),
    "/stamps/": (18, 18),
    "/asked-again/": (15, 3),
    "/api/bare/": (33, 4),
    "/api/orders/": (33, 4),
    "/api/narrowed/": (21, 4),
    "/api/manager/": (43, 4),
    "/admin/shop/order/": (65, 6),
    "/admin/shop/line/": (5, 5),
    "/admin/shop/note/": (65, 27),
    "/admin/shop/order/1/change/": (18, 7),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(SHOP, tmp_path_factory.mktemp("shop"), paths=[*QUERIES])


@pytest.fixture(scope="module")
def before(site: Site) -> RunOutcome:
    return site.run({})


@pytest.fixture(scope="module")
def findings(site: Site, before: RunOutcome) -> tuple[Finding, ...]:
    found = diagnose(before.recording, project="shop", code=Code({".": str(SHOP)})).findings
    proposed = propose(found, site.sources, before.recording.files)
    with pytest.MonkeyPatch.context() as patched:
        # Which of a join and a prefetch is the faster one is not the question here.
        patched.setattr(trials, "WORTH_NS", 10**12)
        return verify(proposed, site.sources, before, site.run)


@pytest.fixture(scope="module")
def edits(site: Site, findings: tuple[Finding, ...]) -> dict[str, str]:
    return combine([f for f in findings if f.fix.status == "verified"], site.sources)


def test_the_verified_edits_take_the_loops_away(site, before, edits):
    tried, after = site.last
    assert tried == edits
    assert {
        a.request.path: (a.queries, b.queries)
        for a, b in zip(before.answers, after.answers, strict=True)
    } == QUERIES


def test_what_is_refused_says_why(findings):
    reasons = {f.fix.reason for f in findings if f.fix.status == "refused"}
    assert reasons == {
        "an exception there may be handled, or a block be left",
        "whether what the loop goes through can be gone through twice is not sure",
        "whether model is a model or a queryset can't be told from the source",
        "the queryset is created when the class at shop/forms.py:20 is, by its base class",
    }


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("admin.py", '        return super().get_queryset(request).prefetch_related("lines")'),
        ("admin.py", '        return super().get_queryset(request).prefetch_related("about")'),
        (
            "admin.py",
            '        return super().get_queryset(request).select_related("order__customer__city")',
        ),
        ("admin.py", '    list_select_related = ("customer__city",)'),
        (
            "views.py",
            '        return super().get_queryset().select_related("customer__city")',
        ),
        (
            "forms.py",
            "    city = forms.ModelChoiceField("
            'queryset=City.objects.all().select_related("country"))',
        ),
    ],
)
def test_edits_are_made_where_a_person_would(edits, file, line):
    assert line in edits[f".:shop/{file}"].split("\n")
