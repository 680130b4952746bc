"""Middleware: one of a campaign that is over, one that every answer shows."""


class CampaignMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        total = 0
        for number in range(5_000):
            total += number % 7
        return self.get_response(request)


class VersionMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        response["X-Version"] = "2"
        return response
