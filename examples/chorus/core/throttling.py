from rest_framework.throttling import SimpleRateThrottle


class DeviceThrottle(SimpleRateThrottle):
    scope = "device"

    def get_cache_key(self, request, view):
        return self.cache_format % {"scope": self.scope, "ident": request.device_id}
