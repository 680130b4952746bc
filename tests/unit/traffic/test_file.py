from __future__ import annotations

from pathlib import Path

import pytest

from nuages.errors import NuagesError
from nuages.traffic.file import as_text, read
from nuages.traffic.mix import Actor, Excluded, Login, Mix, Template
from nuages.traffic.picks import Picks

MIX = Mix(
    templates=(
        Template(
            route="GET /posts/<int:pk>/", path="/posts/{pk}/?page={page}", weight=3.0, skew=1.0,
            actors=("anonymous", "user"),
            arguments=({"pk": "12", "page": "1"}, {"pk": "7: \"x\"", "page": "no"}),
        ),
        Template(route="POST /c/", path="/c/", method="POST", form={"text": "t {unique}"},
                 actors=("user",)),
        Template(route="PUT /d/", path="/d/", method="PUT", json={"a": [1, {"b": "{unique}"}]},
                 headers={"X-A": "1"}, expect=403),
    ),
    actors=(Actor(name="anonymous", share=0.6), Actor(name="user", share=0.4)),
    excluded=(Excluded(route="DELETE /d/", why="deletes"),),
)  # fmt: skip


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "traffic.yaml"
    path.write_text(text, "utf-8")
    return path


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    again = read(written(tmp_path, as_text(MIX)))
    assert again.templates == MIX.templates
    assert again.actors == MIX.actors
    assert again.excluded == MIX.excluded


def test_credentials_are_never_written() -> None:
    actor = Actor(
        name="user",
        cookies={"sessionid": "s3cret"},
        login=Login(path="/login/", form={"password": "s3cret"}),
    )
    assert "s3cret" not in as_text(Mix(templates=MIX.templates, actors=(actor,)))


def test_secrets_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'actors: {user: {headers: {Authorization: "Bearer ${TOKEN}"}}}\nrequests: [{path: /}]'
    with pytest.raises(NuagesError, match=r"actors\.user\.headers\.Authorization.*TOKEN"):
        read(written(tmp_path, text))
    monkeypatch.setenv("TOKEN", "abc")
    assert read(written(tmp_path, text)).actor("user").headers == {"Authorization": "Bearer abc"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("requests: []", "`requests` is a list"),
        ("requests: [{path: /, expect: '404'}]", r"`requests\[0\]\.expect` is a status"),
        (
            "actors: {a: {login: {path: x}}}\nrequests: [{path: /}]",
            r"`actors\.a\.login\.path` is a path",
        ),
        ("requests: [{path: posts}]", r"`requests\[0\]\.path` is a path"),
        ("requests: [{path: /, methd: GET}]", r"`requests\[0\]\.methd` is none of"),
        ("requests: [{path: /, method: STEAL}]", r"`requests\[0\]\.method` is one of"),
        ("requests: [{path: /, weight: -1}]", r"`requests\[0\]\.weight` is a number"),
        ("requests: [{path: '/{a}{b}', arguments: {a: [1], b: [1, 2]}}]", "as many values"),
        ("schema: 9\nrequests: [{path: /}]", "`schema` is 9"),
        ("- 1", "is not a mapping"),
        ("a: [", "is no YAML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(NuagesError, match=told):
        read(written(tmp_path, text))


def test_picks_follow_weights_shares_and_skew() -> None:
    picks = Picks(MIX, seed=1)
    drawn = [next(picks) for _ in range(20_000)]
    first = [pick for pick in drawn if pick.template == 0]
    assert len(first) / len(drawn) == pytest.approx(3 / 5, abs=0.02)
    assert sum(pick.row == 0 for pick in first) / len(first) == pytest.approx(2 / 3, abs=0.02)
    assert sum(p.actor == "anonymous" for p in first) / len(first) == pytest.approx(0.6, abs=0.02)
    again = Picks(MIX, seed=1)
    assert drawn[:50] == [next(again) for _ in range(50)]


def test_what_cannot_be_sent_is_said_before() -> None:
    with pytest.raises(NuagesError, match="no request to send"):
        Picks(Mix(templates=()), seed=1)


def test_arguments_are_quoted_where_they_go() -> None:
    sent = MIX.templates[0].filled(MIX.templates[0].arguments[1])
    assert sent.path == "/posts/7:%20%22x%22/?page=no"
    assert MIX.templates[1].filled({}, 8).body == b"text=t+8"
    assert MIX.templates[2].filled({}, 8).body == b'{"a": [1, {"b": "8"}]}'
