"""Routes of the views in which each marked line has to be found."""

from config.routes import routes_of

from loud import asynchronous, classes, reads, repeats, rest, templates, writes

urlpatterns = [
    *routes_of(reads), *routes_of(templates), *routes_of(classes), *routes_of(rest),
    *routes_of(asynchronous), *routes_of(repeats), *routes_of(writes),
]  # fmt: skip
