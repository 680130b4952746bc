"""Routes of the views about which there is nothing to say."""

from config.routes import routes_of

from quiet import asynchronous, classes, reads, writes

urlpatterns = [
    *routes_of(reads), *routes_of(writes), *routes_of(classes), *routes_of(asynchronous),
]  # fmt: skip
