"""What does not fit is left out, and no link leads to it."""

from __future__ import annotations

from nuages.report.fitting import Room, filled, slot, without_dangling_links


def test_pieces_are_taken_until_one_does_not_fit():
    room = Room(10)
    assert list(room.fill(["aaaa", "bbbb", "cccc", "d"])) == ["aaaa", "bbbb"]
    assert room.left == 2


def test_a_share_leaves_the_rest_to_others():
    room = Room(100)
    assert len(list(room.fill(["x" * 10] * 20, share=0.4))) == 4
    assert len(list(room.fill(["x" * 10] * 20))) == 6


def test_bytes_are_counted_not_characters():
    assert list(Room(5).fill(["éé", "éé"])) == ["éé"]


def test_pieces_are_made_only_as_far_as_they_are_needed():
    made = []
    pieces = (made.append(n) or "x" * 10 for n in range(100))
    assert len(list(Room(25).fill(pieces))) == 2
    assert made == [0, 1, 2]


def test_slots_are_filled_or_left_empty():
    page = f"<p>{slot('findings')}</p>{slot('routes')}<!-- no slot -->"
    assert filled(page, {"findings": "<!--routes-->"}) == "<p><!--routes--></p><!-- no slot -->"


def test_a_link_to_nothing_becomes_text():
    page = '<a class="go" href="#here">x</a><a href="#gone">y</a><h2 id="here">z</h2>'
    assert without_dangling_links(page) == (
        '<a class="go" href="#here">x</a><a>y</a><h2 id="here">z</h2>'
    )


def test_code_that_looks_like_a_link_stays_as_it_is():
    code = '<pre>&lt;a href="#gone"&gt; id="here"</pre>'
    assert without_dangling_links(code) == code
    assert without_dangling_links(f'{code}<a href="#here">x</a>') == f"{code}<a>x</a>"
