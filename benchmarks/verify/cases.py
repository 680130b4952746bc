"""Views, and what is planted in each: edits that are right, and edits that are wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from benchmarks.verify.written import EXPRESSIONS, HEAD

# What a view's queryset is made of; each step with what it does when it is gone.
SCOPES = {
    "": "",
    ".filter(public=True)": "dropped filter",
    ".exclude(score__lt=0)": "dropped filter",
    ".filter(owner=request.user.pk or 0)": "lost permission",
    ".filter(labels__pk__gt=1).distinct()": "lost distinct",
}
ORDERS = ('.order_by("pk")', '.order_by("-created", "pk")')
PARTS = ("[:20]", "[5:25]")
RIGHT = (
    'select_related("author", "editor")',
    'prefetch_related("labels")',
    'prefetch_related("author", "editor", "notes", "labels")',
    'only("title", "author", "editor")',
    'defer("slug")',
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One edit of one view."""

    view: str
    kind: str
    old: str
    new: str
    is_right: bool

    @property
    def route(self) -> str:
        return f"GET /{self.view}/"


def views() -> str:
    """The text of the project's views."""
    bodies = [
        f"def listed{number}(request):\n"
        f"    rows = {_base(scope, order, part)}\n"
        "    return JsonResponse({'rows': [row(each) for each in rows]})\n"
        for number, scope, order, part in _lists()
    ]
    names = [f"listed{number}" for number, *_ in _lists()]
    for name, (body, *_) in EXPRESSIONS.items():
        lines = "".join(f"    {line}\n" for line in body.split("\n"))
        bodies.append(f"def {name}(request):\n{lines}")
        names.append(name)
    return "\n\n".join([HEAD, *bodies, f"VIEWS = [{', '.join(names)}]\n"])


def cases() -> tuple[Case, ...]:
    return (*_of_lists(), *_written())


def _lists() -> Iterator[tuple[int, str, str, str]]:
    for number, each in enumerate(product(SCOPES, ORDERS, PARTS)):
        yield number, *each


def _base(scope: str, order: str, part: str) -> str:
    return f"Ticket.objects{scope}{order}{part}"


def _of_lists() -> Iterator[Case]:
    for number, scope, order, part in _lists():
        old = _base(scope, order, part)
        for call in RIGHT:
            new = f"Ticket.objects{scope}.{call}{order}{part}"
            yield Case(view=f"listed{number}", kind=call, old=old, new=new, is_right=True)
        for kind, new in _wrong(scope, order, part):
            yield Case(view=f"listed{number}", kind=kind, old=old, new=new, is_right=False)


def _wrong(scope: str, order: str, part: str) -> Iterator[tuple[str, str]]:
    base = "Ticket.objects"
    if scope:
        gone = scope.removesuffix(".distinct()") if "distinct" in scope else ""
        yield SCOPES[scope], f"{base}{gone}{order}{part}"
    other = ORDERS[1 - ORDERS.index(order)]
    yield "changed order", f"{base}{scope}{other}{part}"
    yield "changed order", f"{base}{scope}{order}.reverse(){part}"
    yield "lost limit", f"{base}{scope}{order}"
    yield "shifted page", f"{base}{scope}{order}{'[1:21]' if part == '[:20]' else '[6:26]'}"
    yield "wrong join", f"{base}{scope}.filter(editor__pk__gt=0){order}{part}"
    yield "multiplied rows", f"{base}{scope}.filter(notes__pk__gt=0){order}{part}"
    hidden = "Prefetch('notes', Note.objects.filter(visible=True))"
    yield "stale prefetch", f"{base}{scope}.prefetch_related({hidden}){order}{part}"
    none = "Prefetch('labels', Label.objects.order_by('-pk')[:1])"
    yield "stale prefetch", f"{base}{scope}.prefetch_related({none}){order}{part}"
    yield "lost attribute", f'{base}{scope}{order}.values("title"){part}'


def _written() -> Iterator[Case]:
    for name, (_, old, wrong, right) in EXPRESSIONS.items():
        for kind, new in wrong:
            yield Case(view=name, kind=kind, old=old, new=new, is_right=False)
        for kind, new in right:
            yield Case(view=name, kind=kind, old=old, new=new, is_right=True)
