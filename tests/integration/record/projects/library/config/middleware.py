"""Middleware that only calls the next, but for one path and one parameter."""

from django.http import HttpResponseRedirect


class PassThrough:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)


def pass_through(get_response):
    def middleware(request):
        if request.path == "/redirected/" or "early" in request.GET:
            return HttpResponseRedirect("/books/")
        return get_response(request)

    return middleware
