"""Whether two versions of a site gave the same answers: variation learnt by path, then compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What was asked, and by whom."""

    path: str  # with the query string
    method: str = "GET"
    actor: str = "anonymous"


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a site said to one request, and what it cost to say so."""

    request: Request
    status: int
    route: str = ""  # "GET /posts/<int:pk>/"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""  # decoded from any transfer or content encoding
    wall_ns: int = 0
    cpu_ns: int = 0
    db_ns: int = 0
    queries: int = 0
    rows: int = 0
    exception: str | None = None  # the last line of the traceback
