"""Middleware that does one thing each, in all the ways that it can be written."""

import time
import zoneinfo
from contextlib import contextmanager

from django.db import connection
from django.http import HttpResponse
from django.utils import timezone
from django.utils.decorators import sync_and_async_middleware
from django.utils.deprecation import MiddlewareMixin
from django.utils.functional import SimpleLazyObject

SLOW = 0.06


class Layer:
    """Only calls the next."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)


class Idle(Layer):
    pass


class Slow(Layer):
    """Takes its time before and after the next, and changes nothing."""

    def __call__(self, request):
        time.sleep(SLOW / 2)
        response = self.get_response(request)
        time.sleep(SLOW / 2)
        return response


class Reading(Layer):
    """Looks at everything that is computed once it is looked at."""

    def __call__(self, request):
        _ = request.GET, request.POST, request.COOKIES, request.headers, request.body
        _ = request.user.is_authenticated, request.session.get("x")
        response = self.get_response(request)
        _ = response.headers.get("X"), response.status_code, response.cookies.get("a")
        return response


class Lazy(Layer):
    """Gives the request what must not be evaluated before somebody asks for it."""

    def __call__(self, request):
        request.unasked = SimpleLazyObject(self.evaluate)
        return self.get_response(request)

    def evaluate(self):
        raise AssertionError("evaluated")


class Dear(Layer):
    """Gives the request what takes long once somebody asks for it."""

    def __call__(self, request):
        request.country = SimpleLazyObject(self.evaluate)
        return self.get_response(request)

    def evaluate(self):
        time.sleep(SLOW)
        return "FR"


class Asking(Layer):
    """Is the first to ask for what others have put on the request."""

    def __call__(self, request):
        _ = str(request.country), request.session.get("x")
        return self.get_response(request)


class AskingLater(Layer):
    def process_view(self, request, view, args, kwargs):
        _ = str(request.country), request.session.get("x")


class AskingItself(Dear):
    """Asks for what it gives."""

    def __call__(self, request):
        request.country = SimpleLazyObject(self.evaluate)
        _ = str(request.country)
        return self.get_response(request)


class AsynchronouslyAsking:
    sync_capable = False
    async_capable = True

    def __init__(self, get_response):
        from asgiref.sync import markcoroutinefunction

        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request):
        _ = await request.auser()
        return await self.get_response(request)


class Header(Layer):
    def __call__(self, request):
        response = self.get_response(request)
        response["X-Layer"] = "set"
        return response


class SameHeader(Layer):
    """Sets what is set already."""

    def __call__(self, request):
        response = self.get_response(request)
        response["X-Layer"] = "set"
        return response


class Cookie(Layer):
    def __call__(self, request):
        response = self.get_response(request)
        response.set_cookie("seen", "yes")
        return response


class Content(Layer):
    def __call__(self, request):
        response = self.get_response(request)
        if not response.streaming:
            response.write(b"!")
        return response


class Shouted(Layer):
    """Puts another stream around the stream."""

    def __call__(self, request):
        response = self.get_response(request)
        if response.streaming and not response.is_async:
            response.streaming_content = map(bytes.upper, response.streaming_content)
        return response


class Address(Layer):
    """Replaces a value of META."""

    def __call__(self, request):
        request.META["REMOTE_ADDR"] = "10.0.0.1".upper()
        return self.get_response(request)


class Remember(Layer):
    def __call__(self, request):
        request.session["seen"] = True
        return self.get_response(request)


class Zone(Layer):
    """What Django's documentation of time zones recommends."""

    def __call__(self, request):
        with self.zone():
            return self.get_response(request)

    @contextmanager
    def zone(self):
        timezone.activate(zoneinfo.ZoneInfo("UTC"))
        yield


class Audit(Layer):
    def __call__(self, request):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return self.get_response(request)


class Guard(Layer):
    def __call__(self, request):
        if request.path == "/guarded/":
            return HttpResponse("no", status=403)
        return self.get_response(request)


class Failing(Layer):
    def __call__(self, request):
        if request.path == "/failing/":
            raise RuntimeError("failed")
        return self.get_response(request)


class Methods(Layer):
    """Has the three methods that are called beside the layers."""

    def process_view(self, request, view, args, kwargs):
        time.sleep(SLOW)
        request.view_name = view.__name__

    def process_exception(self, request, exception):
        return HttpResponse(f"caught {exception}", status=500)

    def process_template_response(self, request, response):
        response.context_data = {**(response.context_data or {}), "more": "more"}
        return response


class Shortcut(Layer):
    def process_view(self, request, view, args, kwargs):
        return HttpResponse("short") if request.path == "/shortcut/" else None


class Mixed(MiddlewareMixin):
    """As it was written for Django 1.10."""

    def process_request(self, request):
        request.mixed = True

    def process_response(self, request, response):
        return response


@sync_and_async_middleware
def both(get_response):
    import asyncio
    from inspect import iscoroutinefunction

    if iscoroutinefunction(get_response):

        async def middleware(request):
            await asyncio.sleep(SLOW)
            return await get_response(request)
    else:

        def middleware(request):
            time.sleep(SLOW)
            return get_response(request)

    return middleware


def plain(get_response):
    return lambda request: get_response(request)


class Unused:
    def __init__(self, get_response):
        from django.core.exceptions import MiddlewareNotUsed

        raise MiddlewareNotUsed


class Asynchronous:
    sync_capable = False
    async_capable = True

    def __init__(self, get_response):
        from asgiref.sync import markcoroutinefunction

        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request):
        response = await self.get_response(request)
        response["X-Async"] = "yes"
        return response

    async def process_view(self, request, view, args, kwargs):
        request.from_async = True
