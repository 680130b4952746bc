"""When two versions of a site gave the same answers."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from nuages.answers import Answer, Masks, Request, compare, compare_all, learn

FEED = Request(path="/feed/")


def answer(
    body: object, kind: str = "application/json", status: int = 200, **headers: str
) -> Answer:
    data = (
        body
        if isinstance(body, bytes)
        else (body.encode() if isinstance(body, str) else json.dumps(body).encode())
    )
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(
        request=FEED, status=status, route="GET /feed/", headers={"Content-Type": kind, **named},
        body=data,
    )  # fmt: skip


def html(body: str, **headers: str) -> Answer:
    return answer(f"<html><body>{body}</body></html>", "text/html; charset=utf-8", **headers)


def posts(*titles: str, at: str = "10:00") -> dict[str, object]:
    return {"at": at, "results": [{"id": i, "title": t, "n": 1} for i, t in enumerate(titles)]}


def result(
    before: Answer, after: Answer, masks: Masks | None = None, unordered: bool = False
) -> str:
    return compare(masks or Masks(), before, after, unordered=unordered).result


class TestSame:
    def test_json_however_it_is_spaced(self):
        assert result(answer('{"a": 1, "b": 2}'), answer('{"b":2,"a":1}')) == "same"

    def test_html_however_its_text_is_spaced(self):
        assert result(html("<p>a  b</p>\n"), html("<p>a\nb</p>")) == "same"

    @pytest.mark.parametrize(
        "token",
        [
            '<input type="hidden" name="csrfmiddlewaretoken" value="{}">',
            '<meta name="csrf-token" content="{}">',
            '<script nonce="{}">run()</script>',
        ],
    )
    def test_with_another_token_or_nonce(self, token):
        assert result(html(token.format("abc")), html(token.format("xyz"))) == "same"

    def test_with_other_cookies_dates_and_etags(self):
        one = answer({}, Set_Cookie="a=1", Date="Mon", ETag="1", Content_Length="2")
        two = answer({}, Set_Cookie="a=2", Date="Tue", ETag="2", Content_Length="3")
        assert result(one, two) == "same"

    def test_redirects_to_another_host_name(self):
        one = answer("", status=302, Location="http://testserver/login/?next=/")
        two = answer("", status=302, Location="/login/?next=/")
        assert result(one, two) == "same"

    def test_other_kinds_byte_by_byte(self):
        assert (
            result(answer(b"\x89PNG\x00", "image/png"), answer(b"\x89PNG\x00", "image/png"))
            == "same"
        )

    def test_what_varied_before_at_the_same_path(self):
        masks = learn([answer(posts(*"abcdefgh", at="1"))], [answer(posts(*"abcdefgh", at="2"))])
        later = answer(posts(*"abcdefgh", at="3"))
        assert result(answer(posts(*"abcdefgh", at="1")), later, masks) == "same"


class TestDifferent:
    def test_another_status(self):
        verdict = compare(Masks(), answer({}), replace(answer({}, status=500), exception="E: no"))
        assert (verdict.result, verdict.reason) == ("different", "the status was 200, now 500")
        assert verdict.excerpt == "E: no"

    def test_one_value_named_by_its_path(self):
        verdict = compare(Masks(), answer(posts("a", "b")), answer(posts("a", "c")))
        assert verdict.result == "different"
        assert verdict.reason == "body/results/1/title differs"
        assert verdict.excerpt == "body/results/1/title: 'b' → 'c'"

    @pytest.mark.parametrize(
        ("one", "two"),
        [
            ({"a": 1}, {}),
            ({}, {"a": 1}),
            ([1, 2], [1, 2, 3]),
            ({"a": 1}, {"a": "1"}),
            ({"a": 1}, {"a": True}),
            ({"a": None}, {"a": 0}),
            ({"a": []}, {"a": {}}),
        ],
    )
    def test_other_json(self, one, two):
        assert result(answer(one), answer(two)) == "different"

    @pytest.mark.parametrize(
        ("one", "two"),
        [
            ("<p>a</p>", "<p>b</p>"),
            ("<p>a</p>", "<div>a</div>"),
            ('<a href="/1/">a</a>', '<a href="/2/">a</a>'),
            ("<ul><li>a</ul>", "<ul><li>a<li>b</ul>"),
            ("<p>a</p>", "<p>a</p>b"),
            ("<b>a</b>c", "<b>ac</b>"),
            ("<script>a</script>", "<script>b</script>"),
        ],
    )
    def test_other_html(self, one, two):
        assert result(html(one), html(two)) == "different"

    def test_another_type_or_target(self):
        assert result(answer("a", "text/plain"), answer("a", "text/html")) == "different"
        one, two = answer("", status=302, Location="/a/"), answer("", status=302, Location="/b/")
        assert result(one, two) == "different"

    def test_other_lines_or_bytes(self):
        assert result(answer("a\nb", "text/csv"), answer("a\nc", "text/csv")) == "different"
        assert result(answer(b"\x00", "image/png"), answer(b"\x01", "image/png")) == "different"

    def test_a_masked_path_does_not_mask_its_value_elsewhere(self):
        masks = learn([answer(posts(*"abcdefgh", at="1"))], [answer(posts(*"abcdefgh", at="2"))])
        before = answer(posts("1", *"bcdefgh", at="1"))
        after = answer(posts("2", *"bcdefgh", at="2"))
        assert result(before, after, masks) == "different"

    def test_no_answer_any_more(self):
        (verdict,) = compare_all(Masks(), [answer({})], [])
        assert verdict.result == "different"


class TestUpToOrder:
    def test_json_rows_when_their_queryset_has_no_order(self):
        one, two = answer([{"a": 1}, {"a": 2}]), answer([{"a": 2}, {"a": 1}])
        assert result(one, two, unordered=True) == "same up to order"
        assert result(one, two) == "different"

    def test_html_rows(self):
        one = html("<ul><li>a</li><li>b</li></ul>")
        two = html("<ul><li>b</li><li>a</li></ul>")
        assert result(one, two, unordered=True) == "same up to order"

    def test_lines(self):
        assert result(answer("a\nb", "text/csv"), answer("b\na", "text/csv"), unordered=True) == (
            "same up to order"
        )

    def test_rows_take_what_varies_in_them_along(self):
        rows = [{"id": i, "title": f"t{i}", **{f"f{k}": k for k in range(20)}} for i in range(3)]
        one = [{**row, "at": f"1{row['id']}"} for row in rows]
        again = [{**row, "at": f"2{row['id']}"} for row in rows]
        masks = learn([answer(one)], [answer(again)])
        assert result(answer(one), answer(again[::-1]), masks, unordered=True) == "same up to order"

    def test_not_the_cells_of_a_row(self):
        one = html("<table><tr><td>1</td><td>2</td></tr></table>")
        two = html("<table><tr><td>2</td><td>1</td></tr></table>")
        assert result(one, two, unordered=True) == "different"

    def test_not_other_rows(self):
        one, two = answer([{"a": 1}, {"a": 2}]), answer([{"a": 2}, {"a": 3}])
        assert result(one, two, unordered=True) == "different"

    def test_not_one_row_twice(self):
        one, two = answer([1, 1, 2]), answer([1, 2, 2])
        assert result(one, two, unordered=True) == "different"

    def test_only_in_the_routes_that_are_named(self):
        one, two = [answer([1, 2])], [answer([2, 1])]
        (verdict,) = compare_all(Masks(), one, two, unordered=["GET /other/"])
        assert verdict.result == "different"
        (verdict,) = compare_all(Masks(), one, two, unordered=["GET /feed/"])
        assert verdict.is_same


class TestNotComparable:
    def test_what_was_learnt_twice_counts_together_against_the_share(self):
        first = {f"v{n}": 0 for n in range(20)}
        one, two = ({**first, "v1": 1}, {**first, "v2": 1, "v3": 1})
        known = learn([answer(first)], [answer(one)])
        assert not known.not_comparable
        both = learn([answer(first)], [answer(two)], known)
        assert list(both.not_comparable.values()) == ["14 % of it changes by itself"]

    def test_when_more_than_a_tenth_varies(self):
        masks = learn([answer({"a": 1, "b": 1})], [answer({"a": 2, "b": 1})])
        verdict = compare(masks, answer({"a": 1, "b": 1}), answer({"a": 1, "b": 1}))
        assert verdict.result == "not comparable"
        assert verdict.reason == "33 % of it changes by itself"

    def test_when_the_status_varies(self):
        masks = learn([answer({})], [answer({}, status=503)])
        assert result(answer({}), answer({}), masks) == "not comparable"

    def test_when_there_was_no_second_answer(self):
        assert result(answer({}), answer({}), learn([answer({})], [])) == "not comparable"

    def test_a_list_of_varying_length_is_masked_as_a_whole(self):
        fixed = {f"k{i}": i for i in range(40)}
        masks = learn([answer({**fixed, "ads": [1, 2]})], [answer({**fixed, "ads": [1]})])
        later = answer({**fixed, "ads": [7, 8, 9]})
        assert result(answer({**fixed, "ads": [1, 2]}), later, masks) == "same"


def test_the_same_request_twice_is_compared_in_turn():
    one = [answer({"n": 1}), answer({"n": 2})]
    assert [v.result for v in compare_all(Masks(), one, one)] == ["same", "same"]


@pytest.mark.parametrize(
    "body",
    [
        "<p>a<p>b",
        "</div></p>",
        "<ul><li>a<li>b",
        "<table><td>",
        "<!doctype html><br/><img src=x>",
        "<",
    ],
)
def test_html_that_is_not_closed_is_still_a_document(body):
    assert result(html(body), html(body)) == "same"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{broken", "application/json"),
        (b"caf\xe9", "text/plain; charset=latin-1"),
        (b"caf\xe9", "text/plain; charset=nonsense"),
        (b'{"a": 1}\n{"a": 2}\n', "application/x-ndjson"),
        (b"<rss/>", "application/rss+xml"),
        (b"", "text/html"),
    ],
)
def test_any_body_can_be_compared_with_itself(body, kind):
    assert result(answer(body, kind), answer(body, kind)) == "same"
