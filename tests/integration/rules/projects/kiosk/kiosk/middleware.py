"""Middleware of every kind: slow, idle, useful, watchful, protecting."""

import hashlib
import threading

from django.http import HttpResponseForbidden

current = threading.local()
BANNED = frozenset({"10.9.8.7"})


class FingerprintMiddleware:
    """Takes its time in every request."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        agent = request.headers.get("User-Agent", "").encode()
        request.fingerprint = hashlib.pbkdf2_hmac("sha256", agent, b"salt", 20_000).hex()
        return self.get_response(request)


class LegacyDeviceMiddleware:
    """Looks for devices that nobody has any more, at some length."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        agent = request.headers.get("User-Agent", "")
        score = sum(hash(f"{agent}{number}") & 1 for number in range(2_000))
        if score < 0 and "Palm" in agent:
            request.is_legacy = True
        return self.get_response(request)


class RegionMiddleware:
    """Does something for the views."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.region = request.headers.get("X-Region", "north")
        return self.get_response(request)


class LastRouteMiddleware:
    """Leaves something behind that no request and no response shows."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        current.path = "".join(part for part in request.path for _ in range(500))
        return self.get_response(request)


class BanMiddleware:
    """Is there for what should never happen."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        rounds = sum(1 for _ in range(5_000))
        if rounds and request.META.get("REMOTE_ADDR") in BANNED:
            return HttpResponseForbidden()
        return self.get_response(request)
