"""Makes every request dearer by a share of its own CPU time."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

View = Callable[[HttpRequest], HttpResponse]


def slowdown(get_response: View) -> View:
    share = settings.SLOWDOWN

    def middleware(request: HttpRequest) -> HttpResponse:
        started = time.thread_time()
        response = get_response(request)
        until = time.thread_time() + (time.thread_time() - started) * share
        while time.thread_time() < until:
            pass
        return response

    return middleware
