"""Every patch has its undo."""

from __future__ import annotations

from nuages.record.patches import Patches


class Parent:
    def inherited(self):
        return "parent"


class Child(Parent):
    own = staticmethod(lambda: "own")


def test_attributes_are_put_back_as_they_were():
    before = dict(vars(Child))
    patches = Patches()
    patches.replace(Child, "own", lambda: "patched")
    patches.replace(Child, "own", lambda: "patched again")
    patches.replace(Child, "inherited", lambda self: "patched")
    assert Child().inherited() == "patched"
    patches.undo()
    assert dict(vars(Child)) == before
    assert Child().inherited() == "parent"
    assert Child.own() == "own"


def test_what_somebody_else_has_replaced_meanwhile_is_left_to_them():
    patches = Patches()
    patches.replace(Child, "inherited", lambda self: "patched")
    patches.replace(Child, "own", staticmethod(lambda: "patched"))
    mine = Child.inherited
    Child.inherited = lambda self: f"{mine(self)}, and theirs"
    patches.undo()
    assert Child().inherited() == "patched, and theirs"
    assert Child.own() == "own"
    del Child.inherited
