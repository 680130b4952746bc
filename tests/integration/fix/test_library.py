"""Questions, columns and saves of a real site are edited, and asked again."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.fix.site import Site

from nuages.code import Code
from nuages.diagnose import diagnose
from nuages.fix import RunOutcome, combine, propose, verify
from nuages.model import Finding

LIBRARY = Path(__file__).parent / "projects" / "library"
PATHS = [
    f"/{name}/"
    for name in ("any_thick", "any_counted", "number", "spread", "titles", "short", "lend", "shown")
]
VIEWS = ".:shelf/views.py"
KINDS = ("count", "exists", "only", "defer", "update_fields")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(LIBRARY, tmp_path_factory.mktemp("library"), paths=PATHS)


@pytest.fixture(scope="module")
def before(site: Site) -> RunOutcome:
    return site.run({})


@pytest.fixture(scope="module")
def fixed(site: Site, before: RunOutcome) -> dict[str, Finding]:
    """By route."""
    code = Code({".": str(LIBRARY)})
    found = diagnose(before.recording, project="library", code=code).findings
    chosen = [finding for finding in found if finding.remedy.kind in KINDS]
    proposed = propose(chosen, site.sources, before.recording.files)
    tried = verify(proposed, site.sources, before, site.run)
    assert len(tried) == len({finding.routes for finding in tried})
    return {finding.routes[0]: finding for finding in tried}


@pytest.mark.parametrize(
    ("route", "line", "gain"),
    [
        ("GET /any_thick/", "    if thick.exists():", "1 → 0 queries of all rows"),
        (
            "GET /any_counted/",
            '    return JsonResponse({"none": not Book.objects.filter(pages__gt=10).exists()})',
            "1 → 0 queries of all rows",
        ),
        ("GET /number/", '    return JsonResponse({"number": thick.count()})', "29 → 1 rows"),
        ("GET /spread/", "        .count()", "29 → 1 rows"),
        ("GET /titles/", '    books = Book.objects.order_by("id").defer("blurb")', "bytes a row"),
        ("GET /lend/", '    book.save(update_fields=["is_lent"])', "7 → 1 columns written"),
    ],
)
def test_the_edit_is_verified(site, fixed, route, line, gain):
    fix = fixed[route].fix
    assert fix.status == "verified", fix.reason
    assert gain in fix.reason
    assert line in combine([fixed[route]], site.sources)[VIEWS].splitlines()


def test_rows_that_are_shown_are_fetched(fixed):
    assert "GET /short/" not in fixed
    assert fixed["GET /shown/"].remedy.kind == "defer"


def test_all_hold_together(site, before, fixed):
    edits = combine(fixed.values(), site.sources)
    after = site.run(edits)
    assert [answer.body for answer in after.answers] == [answer.body for answer in before.answers]
    assert [answer.status for answer in after.answers] == [200] * len(PATHS)
