"""What leaves the process and is no query: HTTP and mail, as recorded and as written."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from nuages.cases import Case
from nuages.code import Code
from nuages.grounds.written import WrittenCall, calls_in
from nuages.model import CallGroup, LedgerEntry, Location, ScopeKind
from nuages.origins import in_migrations, in_tests, is_set_up

IN_TRANSACTION = "in transaction"  # an outcome, see docs/explanation/recorder.md
MAIL = "mail"  # the name of what tests and development keep or print
MAIL_PORTS = frozenset({"25", "465", "587", "2525"})
# Caches, brokers and agents: to connect to one is no question to somebody else's server.
INFRASTRUCTURE_PORTS = frozenset({
    "6379", "6380", "26379", "11211", "5671", "5672", "61613", "9092", "4222", "8125", "8126",
    "4317", "4318", "5432", "6432", "3306", "1433", "27017",
})  # fmt: skip
# Search, storage and the like that the site runs itself, over HTTP.
OWN_SERVERS = re.compile(r"https?://[^/]*:(?:9200|9201|7700|8108|8123|8983|9000|4566)")
STATUS = re.compile(r"[1-5]xx|-?\d+")

METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "request")
# Functions that wait for ever unless they are told not to, and where they take their timeout.
ENDLESS: dict[str, int | None] = {
    **{f"requests.{method}": None for method in METHODS},
    "urllib.request.urlopen": 2,
    "urllib.request.urlretrieve": None,
}
HTTP = frozenset({*ENDLESS, *(f"httpx.{method}" for method in METHODS)})
MAILS = frozenset(
    f"django.core.mail.{name}"
    for name in ("send_mail", "send_mass_mail", "mail_admins", "mail_managers")
)
MESSAGES = frozenset({"EmailMessage", "EmailMultiAlternatives"})
WRITES_OUTGOING = re.compile(
    r"(?:import|from) (?:requests|httpx|urllib)\b|import [^\n]*\brequests\b"
    r"|from django\.core(?:\.mail)? import"
)


@dataclass(frozen=True)
class Outgoing:
    """All recorded calls of one expression, in whatever scope and to whatever host."""

    location: Location
    groups: tuple[CallGroup, ...]  # the costliest first

    @property
    def calls(self) -> int:
        return sum(group.calls for group in self.groups)

    @property
    def wall_ns(self) -> int:
        return sum(group.wall_ns for group in self.groups)

    @property
    def executions(self) -> int:
        """In which it occurred; of one scope the most that any group tells."""
        most: dict[object, int] = defaultdict(int)
        for group in self.groups:
            most[group.scope] = max(most[group.scope], group.executions)
        return sum(most.values())

    @property
    def busiest(self) -> CallGroup:
        return max(self.groups, key=lambda group: group.per_execution_max)

    @cached_property
    def hosts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(group.name for group in self.groups))

    @property
    def answered(self) -> int:
        """Calls that did not end with an exception."""
        return self.calls - sum(_failed(group) for group in self.groups)

    @property
    def in_transaction(self) -> int:
        return sum(group.outcomes.get(IN_TRANSACTION, 0) for group in self.groups)

    @property
    def routes(self) -> tuple[str, ...]:
        return tuple(sorted({g.scope.name for g in self.groups if g.scope.kind != "test"}))

    @property
    def tests(self) -> tuple[str, ...]:
        return tuple(sorted({g.scope.name for g in self.groups if g.scope.kind == "test"}))[:50]


def outgoing(case: Case, *kinds: ScopeKind) -> tuple[Outgoing, ...]:
    """By expression: what the project's own lines asked of others in scopes of these kinds."""
    places: dict[tuple[str, str, int, str], list[CallGroup]] = defaultdict(list)
    for group in case.recording.calls:
        where = group.location
        if group.kind != "outside" or group.scope.kind not in kinds or where is None:
            continue
        if not (is_infrastructure(group) or not_the_products(where)) and not is_set_up(
            group.scope, where
        ):
            places[where.root, where.file, where.line, where.function].append(group)
    return tuple(_outgoing(groups) for groups in places.values())


def _outgoing(groups: list[CallGroup]) -> Outgoing:
    ranked = sorted(groups, key=lambda group: (-group.wall_ns, group.name, group.scope.name))
    location = ranked[0].location
    assert location is not None
    return Outgoing(location, tuple(ranked))


def not_the_products(location: Location) -> bool:
    """Whether a line is a test's, a migration's, or a library's."""
    return not location.root or in_tests(location) or in_migrations(location)


def is_mail(group: CallGroup) -> bool:
    return (
        group.name == MAIL
        or group.operation == "smtp"
        or (group.name != "subprocess" and _port(group.name) in MAIL_PORTS)
    )


def is_infrastructure(group: CallGroup) -> bool:
    """Whether it only connects to a server of the site's own."""
    if group.operation != "connect":
        return False
    return group.name.startswith("unix:") or _port(group.name) in INFRASTRUCTURE_PORTS


def is_kept(group: CallGroup) -> bool:
    """Whether a mail was kept or printed instead of sent."""
    return group.name == MAIL


def denied(ledger: Iterable[LedgerEntry]) -> dict[Location, list[LedgerEntry]]:
    """What the enclosure refused of the product's own lines, by line; no mail, no datagrams."""
    found: dict[Location, list[LedgerEntry]] = defaultdict(list)
    for entry in ledger:
        is_asked = entry.verdict == "denied" and entry.kind in ("connect", "resolve")
        port = _port(entry.target) if ":" in entry.target else ""
        if not is_asked or "/" in entry.target or port in INFRASTRUCTURE_PORTS | MAIL_PORTS:
            continue
        if entry.origin is not None and not not_the_products(entry.origin):
            found[entry.origin].append(entry)
    return found


def _port(name: str) -> str:
    return name.rpartition(":")[2] if "://" not in name else ""


def _failed(group: CallGroup) -> int:
    ended = {name: n for name, n in group.outcomes.items() if name != IN_TRANSACTION}
    return sum(n for name, n in ended.items() if not STATUS.fullmatch(name))


@lru_cache(maxsize=1)  # three rules ask for the same
def written(code: Code) -> tuple[WrittenCall, ...]:
    """HTTP asked for by function, and mails sent, in the product's code; sessions are not told."""
    return tuple(
        call
        for module in code.matching(WRITES_OUTGOING)
        for call in calls_in(module)
        if (call.name in HTTP or is_sending(call)) and not not_the_products(call.location)
    )


def is_sending(call: WrittenCall) -> bool:
    """Whether it sends a mail: `send_mail(…)`, `EmailMessage(…).send()`, `message.send()`."""
    function = call.node.func
    if call.name in MAILS:
        return True
    if not (isinstance(function, ast.Attribute) and function.attr == "send"):
        return False
    sender = function.value
    if isinstance(sender, ast.Name) and call.function is not None:
        made = [_assigned(node, sender.id) for node in ast.walk(call.function)]
        return any(_is_message(value) for value in made)
    return _is_message(sender)


def _assigned(node: ast.AST, name: str) -> ast.expr | None:
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return None
    target = node.targets[0]
    return node.value if isinstance(target, ast.Name) and target.id == name else None


def _is_message(node: ast.expr | None) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func
    return (name.id if isinstance(name, ast.Name) else name) in MESSAGES


def waits_for_ever(call: WrittenCall) -> bool:
    """Whether nothing limits how long an answer may take."""
    if call.name not in ENDLESS or call.passes_unknown:
        return False
    timeout = call.argument("timeout", ENDLESS[call.name])
    return timeout is None or (isinstance(timeout, ast.Constant) and timeout.value is None)


def at(location: Location, calls: Iterable[WrittenCall]) -> WrittenCall | None:
    """The written call that a recorded place is part of; None where several could be."""
    found = [call for call in calls if covers(call.location, location)]
    return found[0] if len(found) == 1 else None


def covers(span: Location, place: Location) -> bool:
    """Whether a place begins on a line of a span."""
    same = (span.root, span.file) == (place.root, place.file)
    return same and span.line <= place.line <= (span.end_line or span.line)


def hosts_text(hosts: Sequence[str]) -> str:
    """One or two hosts by name, more by their number."""
    names = [host.partition("://")[2] or host for host in hosts]
    return " and ".join(names) if len(names) < 3 else f"{names[0]} and {len(names) - 1} others"
