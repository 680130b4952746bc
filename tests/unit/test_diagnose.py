"""The order of findings, and what becomes of those that no line of the project takes part in."""

from tests.unit.rules.recordings import POSTS, accessed, at, in_loop, once, recorded

from nuages.diagnose import diagnose
from nuages.model import Coverage, Load, Recording

AUTHOR = accessed(POSTS, "author", "fk")
TAGS = accessed(POSTS, "tags", "m2m", "blog.Tag")


def test_the_costliest_comes_first():
    recording = recorded(
        once(POSTS), in_loop(AUTHOR, ms=1), in_loop(TAGS, shape="all", ms=3, location=at(51))
    )
    paths = [f.remedy.path for f in diagnose(recording, project="blog").findings]
    assert paths == ["tags", "author"]


def test_what_only_a_library_does_comes_last_and_has_no_remedy():
    unseen = accessed(Load(model="cms.Page", created_at=None), "parent", "fk", created_at=None)
    recording = recorded(once(POSTS), in_loop(AUTHOR, ms=1), in_loop(unseen, ms=9, location=None))
    ours, theirs = diagnose(recording, project="blog").findings
    assert ours.remedy.path == "author"
    assert theirs.message.startswith("In library code: Page.parent is fetched")
    assert theirs.remedy.kind == "none"
    assert theirs.fix.reason == "the code is a library's"


def test_a_librarys_template_is_library_code():
    line = at(12, "cms/page_list.html", "", "template", root="")
    unseen = accessed(Load(model="cms.Page", created_at=None), "parent", "fk", created_at=None)
    (finding,) = diagnose(
        recorded(in_loop(unseen, location=None, trigger=line)), project="blog"
    ).findings
    assert finding.message.startswith("In library code: ")


def test_coverage_is_passed_on():
    coverage = Coverage(notes=("SQLite",))
    assert diagnose(Recording(), project="blog", coverage=coverage).coverage is coverage


def test_nothing_recorded_is_nothing_found():
    assert diagnose(Recording(), project="blog").findings == ()
