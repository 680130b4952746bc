"""Visits through the WSGI and ASGI entries, as servers make them, and all that comes of each."""

import asyncio
import gc
import http.server
import io
import logging
import re
import sys
import threading
import warnings
from wsgiref.util import FileWrapper

from django.core.handlers.asgi import ASGIHandler
from django.test import override_settings

from rough import views

SYNC = [
    "/books/", "/books/1/", "/books/99/", "/listed/", "/wrapped/", "/year/2/", "/export/", "/pool/",
    "/managed/", "/broken/", "/nowhere/", "/api/books/", "/api/books/1/", "/redirected/",
    "/admin/shelf/book/", "/admin/shelf/review/1/change/", "/orm/", "/raw/", "/odd-cursors/",
    "/transactions/", "/caches/", "/services/", "/threads/", "/templated/", "/torn/", "/file/",
    "/collected/", "/failing/lookup/", "/failing/missing/", "/failing/denied/", "/failing/exit/",
    "/failing/interrupt/", "/failing/recursion/", "/commanded/", "/gathered/",
]  # fmt: skip
ASYNC = [
    "/async/", "/async-books/", "/export-async/", "/gathered/", "/broken-async/", "/cancelled/",
    "/torn-async/", "/templated/", "/threads/", "/transactions/", "/export/", "/file/",
]  # fmt: skip
DATE = re.compile(r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT")
BARE = ["/async/", "/export-async/", "/gathered/", "/broken-async/", "/cancelled/", "/torn-async/"]


class Surroundings:
    """What a project would notice beside its answers: logs, warnings, exceptions of threads."""

    def __init__(self):
        self.noticed = []
        handler = logging.Handler()
        handler.emit = lambda record: self.noticed.append(
            f"log {record.name} {record.levelname} {record.getMessage()}"
        )
        root = logging.getLogger()
        root.handlers[:] = [handler]
        logging.getLogger("django").handlers[:] = []
        logging.getLogger("asyncio").setLevel(logging.ERROR)
        sys.unraisablehook = lambda args: self.noticed.append(f"unraisable {args.exc_value!r}")
        threading.excepthook = lambda args: self.noticed.append(f"thread {args.exc_value!r}")
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, category, *_: (
            category is RuntimeWarning and self.noticed.append(f"warning {message}")
        )

    def taken(self):
        taken, self.noticed = [*self.noticed, *views.done], []
        views.done.clear()
        return taken


def start_server():
    """A service on this machine that views may ask."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    views.outside["port"] = server.server_port


def wsgi(application, cookie, path, method="GET", body=b"", read=None):
    """Status, headers and body of one request; `read` chunks of it, all by default."""
    started = []
    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": "",
        "SERVER_NAME": "library", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "application/json",
        "HTTP_COOKIE": cookie, "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(), "wsgi.file_wrapper": FileWrapper,
    }  # fmt: skip
    chunks = []
    try:
        response = application(environ, lambda status, headers: started.append([status, headers]))
        try:
            for chunk in response:
                chunks.append(chunk)
                if len(chunks) == read:
                    break
        finally:
            if hasattr(response, "close"):
                response.close()
    except BaseException as error:
        started.append(f"raised {error!r}")
    return started, chunks


def asgi(application, cookie, path, read=None):
    """What an ASGI server is sent; the client leaves after `read` messages."""
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "root_path": "",
        "query_string": b"", "headers": [(b"host", b"library"), (b"cookie", cookie.encode())],
        "http_version": "1.1", "scheme": "http", "server": ("library", 80),
        "client": ("127.0.0.1", 1), "asgi": {"version": "3.0"},
    }  # fmt: skip
    sent = []

    async def visit():
        left = asyncio.Event()
        messages = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive():
            if messages:
                return messages.pop()
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(sorted(message.items()))
            if len(sent) == read:
                left.set()
                await asyncio.sleep(0.01)

        try:
            await application(scope, receive, send)
        except BaseException as error:
            sent.append(f"raised {error!r}")

    try:
        asyncio.run(visit())
    except BaseException as error:
        sent.append(f"raised {error!r}")
    return sent


class Visits:
    """Every visit by name; made once, what it gives is all that anyone could notice."""

    def __init__(self, cookie):
        from config.asgi import application as over_asgi
        from config.wsgi import application as over_wsgi

        with override_settings(MIDDLEWARE=[]):  # nothing that is synchronous around its views
            over_bare_asgi = ASGIHandler()
        self.surroundings = Surroundings()
        self.all = {
            **{f"wsgi {path}": (wsgi, over_wsgi, cookie, path) for path in SYNC},
            **{f"asgi {path}": (asgi, over_asgi, cookie, path) for path in ASYNC},
            "post": (wsgi, over_wsgi, cookie, "/api/books/", "POST", b'{"title": 1}'),
            "left": (wsgi, over_wsgi, cookie, "/export/", "GET", b"", 1),
            "left async": (asgi, over_asgi, cookie, "/export-async/", 2),
            **{f"bare {path}": (asgi, over_bare_asgi, cookie, path) for path in BARE},
            "test": (run_tests,),
        }

    def make(self, name):
        self.surroundings.taken()
        function, *arguments = self.all[name]
        try:
            given = function(*arguments)
        except BaseException as error:
            given = f"raised {error!r}"
        # A stream left half read is closed when it is collected, sooner or later.
        gc.collect(0)
        return DATE.sub("(date)", repr((given, sorted(self.surroundings.taken()))))

    def made(self):
        return {name: self.make(name) for name in self.all}

    def different(self, plain):
        return {n: [plain[n], given] for n, given in self.made().items() if given != plain[n]}


def run_tests():
    """Tests of unittest's, one passing, one failing, one skipped."""
    import unittest

    from shelf.models import Book

    class Tests(unittest.TestCase):
        def test_passes(self):
            self.assertEqual(Book.objects.count(), 5)

        def test_fails(self):
            self.fail("for once")

        @unittest.skip("not now")
        def test_skipped(self):
            pass

    out = io.StringIO()
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Tests)
    result = unittest.TextTestRunner(out, tb_locals=False).run(suite)
    text = [line.split(" in ")[0] for line in out.getvalue().splitlines() if "File" not in line]
    return text, result.testsRun, len(result.failures), len(result.errors)
