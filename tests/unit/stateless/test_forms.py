"""A page's forms, filled in as somebody in a hurry would."""

from __future__ import annotations

import pytest

from nuages.stateless.forms import chosen, forms

PAGE = """
<form action="/search/"><input name="q"></form>
<form method="post" action="/profile/" enctype="multipart/form-data">
  <input type="hidden" name="csrfmiddlewaretoken" value="abc">
  <input name="name" maxlength="3"> <input name="mail" type="email">
  <input name="age" type="number"> <input name="given" value="kept">
  <input type="checkbox" name="off" value="1"> <input type="checkbox" name="on" checked>
  <input type="radio" name="r" value="1" required> <input type="radio" name="r" value="2" required>
  <select name="s"><option value="">-</option><option value="x">X</option></select>
  <select name="t"><option value="x">X</option><option value="y" selected>Y</option></select>
  <textarea name="note">
old</textarea><textarea name="empty"></textarea>
  <input type="file" name="photo"> <input name="no" disabled> <input type="submit" name="go">
</form>
<form method="post" action="/logout/"></form>
"""


def test_the_fields_and_their_values() -> None:
    profile = forms(PAGE)[1]
    assert (profile.action, profile.method, profile.files) == ("/profile/", "POST", ["photo"])
    assert profile.fields == {
        "csrfmiddlewaretoken": "abc", "name": "nua", "mail": "nuages@example.com", "age": "1",
        "given": "kept", "on": "on", "r": "1", "s": "x", "t": "y", "note": "old",
        "empty": "nuages",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "names", "action"),
    [("/logout/", (), "/logout/"), ("", ("mail",), "/profile/"), ("", (), "/profile/"),
     ("", ("unknown",), "/profile/")],
)  # fmt: skip
def test_which_form_is_meant(path: str, names: tuple[str, ...], action: str) -> None:
    form = chosen(forms(PAGE), path, frozenset(names))
    assert form is not None
    assert form.action == action


def test_no_form() -> None:
    assert forms("<p>nothing</p>") == []
    assert chosen([], "", frozenset()) is None
