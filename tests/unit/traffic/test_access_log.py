from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from nuages.errors import NuagesError
from nuages.traffic.access_log import mix_of_logs, parsed

NGINX = (
    '203.0.113.9 - ann [23/Nov/2026:10:00:01 +0000] "GET /posts/12/?page=2 HTTP/1.1" 200 512'
    ' "https://a.example/" "Mozilla/5.0 (\\"odd\\")" 0.012'
)
COMMON = '::1 - - [23/Nov/2026:10:00:01 +0000] "POST /comments/ HTTP/1.1" 302 0'
VHOST = 'shop.example:443 10.0.0.1 - - [23/Nov/2026:10:00:01 +0000] "GET / HTTP/1.1" 200 9 "-" "-"'
ALB = (
    "https 2026-11-23T10:00:01.123456Z app/web/50dc 192.0.2.1:2817 10.0.0.1:80 0.0 0.001 0.0 200"
    ' 200 34 366 "GET https://shop.example:443/posts/7/ HTTP/1.1" "curl" ECDHE TLSv1.2 arn "R" "-"'
)
JSON_NGINX = json.dumps({"request_method": "GET", "request_uri": "/a/?b=1", "status": "200",
                         "time_iso8601": "2026-11-23T10:00:01+00:00"})  # fmt: skip
CADDY = json.dumps({"request": {"method": "GET", "uri": "/c/"}, "status": 200, "ts": 1.5})
OTHERS = {
    "uvicorn": 'INFO:     127.0.0.1:4567 - "GET /a/?b=1 HTTP/1.1" 200 OK',
    "runserver": '[23/Nov/2026 10:00:01] "GET /a/?b=1 HTTP/1.1" 200 1245',
    "haproxy": (
        "Nov 23 10:00:01 host haproxy[14]: 10.0.1.2:33317 [23/Nov/2026:10:00:01.655] in web/1"
        ' 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {a.example} {} "GET /a/?b=1 HTTP/1.1"'
    ),
    "uwsgi": (
        "[pid: 7|app: 0|req: 3/9] 127.0.0.1 () {38 vars in 684 bytes} [Mon Nov 23 10:00:01 2026]"
        " GET /a/?b=1 => generated 29 bytes in 3 msecs (HTTP/1.1 200) 5 headers in 166 bytes"
    ),
    "heroku": (
        '2026-11-23T10:00:01.1+00:00 heroku[router]: method=GET path="/a/?b=1" host=a.example'
        ' request_id=8 fwd="192.0.2.1" dyno=web.1 connect=0ms service=18ms status=200 bytes=3'
    ),
    "docker": "web-1  | " + NGINX.replace("/posts/12/?page=2", "/a/?b=1"),
    "syslog": "Nov 23 10:00:01 host nginx: " + NGINX.replace("/posts/12/?page=2", "/a/?b=1"),
    "epoch": json.dumps({"method": "GET", "uri": "/a/?b=1", "status": 200, "ts": 1795428001.5}),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_lines_of_application_servers_and_with_something_before_them(kind: str) -> None:
    line = parsed(OTHERS[kind])
    assert line is not None
    assert (line.method, line.path, line.status) == ("GET", "/a/?b=1", 200)
    has_time = kind not in ("uvicorn", "runserver")
    assert (line.at is not None and (line.at.minute, line.at.second) == (0, 1)) == has_time


@pytest.mark.parametrize(
    ("text", "method", "path", "status", "user"),
    [
        (NGINX, "GET", "/posts/12/?page=2", 200, "ann"),
        (COMMON, "POST", "/comments/", 302, ""),
        (VHOST, "GET", "/", 200, ""),
        (ALB, "GET", "/posts/7/", 200, ""),
        (JSON_NGINX, "GET", "/a/?b=1", 200, ""),
        (CADDY, "GET", "/c/", 200, ""),
    ],
    ids=["nginx", "common", "vhost", "alb", "json", "caddy"],
)
def test_lines_are_read(text: str, method: str, path: str, status: int, user: str) -> None:
    line = parsed(text)
    assert line is not None
    assert (line.method, line.path, line.status, line.user) == (method, path, status, user)


@pytest.mark.parametrize(
    "text",
    ["", "[error] 12#0: upstream timed out", "{", "[]", '{"level": "info"}',
     '1.2.3.4 - - [23/Nov/2026:10:00:01 +0000] "\\x16\\x03\\x01" 400 0',
     '1.2.3.4 - - [23/Nov/2026:10:00:01 +0000] "CONNECT a:443 HTTP/1.1" 400 0'],
)  # fmt: skip
def test_what_is_no_request_is_passed_over(text: str) -> None:
    assert parsed(text) is None


def log(path: str, method: str = "GET", status: int = 200, second: int = 0) -> str:
    time = f"23/Nov/2026:10:00:{second:02} +0000"
    return f'1.2.3.4 - - [{time}] "{method} {path} HTTP/1.1" {status} 1 "-" "-"\n'


def test_a_mix_has_the_weights_the_skew_and_what_is_left_out(tmp_path: Path) -> None:
    lines = [log(f"/posts/{n}/") for n in range(1, 21) for _ in range(60 // n)]
    lines += [log("/"), log("/static/site.css"), log("/comments/", "POST", 302)] * 10
    lines += [log(f"/posts/{n}/like/", "POST") for n in (1, 2)] + [log("/posts/3/", "DELETE")]
    lines += [log("/logout/"), log("/gone/", status=404), "nonsense\n"]
    (tmp_path / "access.log").write_text("".join(lines[: len(lines) // 2]))
    with gzip.open(tmp_path / "access.log.1.gz", "wt") as file:
        file.write("".join(lines[len(lines) // 2 :]))
    mix = mix_of_logs([tmp_path / "access.log", tmp_path / "access.log.1.gz"])
    posts, *_ = mix.templates
    assert posts.path.startswith("/posts/{")
    assert next(iter(posts.arguments[0].values())) == "1"
    assert 0.7 < posts.skew < 1.3
    front = next(t for t in mix.templates if t.path == "/")
    assert posts.weight / front.weight == pytest.approx(sum(60 // n for n in range(1, 21)) / 10)
    assert {each.route for each in mix.excluded} >= {"static files", "GET /logout/",
                                                     "POST /comments/"}  # fmt: skip
    assert next(t for t in mix.templates if t.path == "/gone/").expect == 404
    whys = {each.route: each.why for each in mix.excluded}
    assert whys["DELETE /posts/{id}/"] == "deletes"
    assert whys["POST /posts/{id}/like/"].startswith("asked for 2 ×; its body")
    assert "1 lines were not understood" in mix.source


def test_a_log_without_requests_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "error.log").write_text("no\n")
    with pytest.raises(NuagesError, match=r"error\.log"):
        mix_of_logs([tmp_path / "error.log"])
