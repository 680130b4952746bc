"""The bytes of requests, with the cookies, tokens and headers of who sends them."""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterable

from nuages.load.target import Target
from nuages.traffic.mix import Actor, Mix, Sent
from nuages.traffic.picks import Pick

AGENT = "nuages"
_LETTERS = string.ascii_letters + string.digits
_CSRF_LENGTH = 32  # django.middleware.csrf.CSRF_SECRET_LENGTH


class Session:
    """One actor's cookies, which answers may change."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self._jar = dict(actor.cookies)
        self.version = 0

    def headers(self, *, writes: bool) -> list[tuple[str, str]]:
        """What says who asks; with the CSRF token where something is written."""
        told = list(self.actor.headers.items())
        if writes:
            told.append((self.actor.csrf_header, self._token()))
        if self._jar:
            told.append(("Cookie", "; ".join(f"{n}={v}" for n, v in self._jar.items())))
        return told

    def keep(self, cookies: Iterable[bytes]) -> None:
        """Take an answer's cookies as a browser does, path and domain aside."""
        for line in cookies:
            pair, _, rest = line.decode("latin-1").partition(";")
            name, _, value = pair.strip().partition("=")
            is_gone = not value.strip('"') or "max-age=0" in rest.lower().replace(" ", "")
            if is_gone:
                changed = self._jar.pop(name, None) is not None
            else:
                changed = self._jar.get(name) != value
                self._jar[name] = value
            self.version += changed

    def _token(self) -> str:
        """The token that Django compares with its cookie; any will do where there is no cookie."""
        name = self.actor.csrf_cookie
        told = self.actor.headers.get(self.actor.csrf_header)
        if told:
            return told
        if name not in self._jar:
            self._jar[name] = "".join(secrets.choice(_LETTERS) for _ in range(_CSRF_LENGTH))
        return self._jar[name]


class Writer:
    """Turns picks into bytes; what does not change is made once."""

    def __init__(self, mix: Mix, target: Target) -> None:
        self._mix, self._target = mix, target
        self._sessions: dict[str, Session] = {}
        self._made: dict[Pick, tuple[Session, int, bytes]] = {}
        self._number = secrets.randbelow(10**9) * 10**6  # of {unique}; no run repeats another's

    def session(self, name: str) -> Session:
        if name not in self._sessions:
            self._sessions[name] = Session(self._mix.actor(name))
        return self._sessions[name]

    def request(self, pick: Pick) -> tuple[Session, bytes]:
        """Who asks, and the request as it goes over the wire."""
        made = self._made.get(pick)
        if made is not None and made[1] == made[0].version:
            return made[0], made[2]
        session = self.session(pick.actor)
        template = self._mix.templates[pick.template]
        row = template.arguments[pick.row] if template.arguments else {}
        self._number += 1
        raw = self._written(template.filled(row, self._number), session)
        if not template.is_unique:
            self._made[pick] = (session, session.version, raw)
        return session, raw

    def _written(self, sent: Sent, session: Session) -> bytes:
        template = sent.template
        headers = [
            ("Host", self._target.authority),
            ("User-Agent", AGENT),
            ("Accept", "*/*"),
            *session.headers(writes=template.writes),
            *template.headers.items(),
        ]
        if self._target.secure and template.writes:
            headers.append(("Referer", f"{self._target.url}/"))  # Django asks for it over https
        if sent.body or template.writes:
            headers.append(("Content-Length", str(len(sent.body))))
        if sent.content_type:
            headers.append(("Content-Type", sent.content_type))
        start = f"{template.method} {self._target.prefix}{sent.path} HTTP/1.1"
        lines = [start, *(f"{name}: {_clean(value)}" for name, value in headers)]
        return "\r\n".join((*lines, "", "")).encode("latin-1", "replace") + sent.body


def _clean(value: str) -> str:
    """No header may begin another one."""
    return str(value).replace("\r", " ").replace("\n", " ")
