import hashlib

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone

from .flags import flag_enabled


class MaintenanceMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if flag_enabled("maintenance-page") and not request.path.startswith("/admin/"):
            return HttpResponse("Chorus is being looked after. Back soon.", status=503)
        return self.get_response(request)


class DeviceMiddleware:
    """Gives each device a stable id that cannot be traced back to an address."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        address = request.META.get("REMOTE_ADDR", "")
        agent = request.headers.get("User-Agent", "")
        fingerprint = f"{address}|{agent}".encode()
        key = settings.SECRET_KEY.encode()
        request.device_id = hashlib.pbkdf2_hmac("sha256", fingerprint, key, 100_000).hex()[:24]
        return self.get_response(request)


class BetaHostMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.get_host() == settings.BETA_HOST:
            request.urlconf = "config.urls"
            request.beta = True
        return self.get_response(request)


class LastSeenMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.user.is_authenticated:
            request.user.last_seen_at = timezone.now()
            request.user.save()
        return self.get_response(request)
