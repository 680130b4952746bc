from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path, re_path, register_converter
from rest_framework.routers import DefaultRouter
from shop import api

from nasty import converters, views

register_converter(converters.HexConverter, "hex")
register_converter(converters.OrgConverter, "org")

router = DefaultRouter()
router.register("products", api.ProductViewSet)
router.register("orders", api.OrderViewSet, basename="order")
router.register("clerks", api.ClerkViewSet, basename="clerk")

event_patterns = (
    [
        path("", views.org, name="org"),
        path("events/<slug:event>/", views.event, name="event"),
        path("events/<slug:event>/tickets/<int:ticket>/", views.ticket, name="ticket"),
    ],
    "orgs",
)

urlpatterns = [
    path("", views.home, name="home"),
    path("admin/", admin.site.urls),
    path("api/", include(router.urls)),
    path("orgs/<slug:org>/", include(event_patterns, namespace="orgs")),
    re_path(r"^legacy/(?P<year>[0-9]{4})/(?P<month>[0-9]{1,2})/$", views.legacy, name="legacy"),
    re_path(r"^legacy/(\d+)/$", views.unnamed),
    re_path(r"^list/(?P<mode>grid|rows)/$", views.listing),
    re_path(r"^maybe/(?:(?P<page>\d+)/)?$", views.maybe),
    path("hex/<hex:pk>/", views.by_hex),
    path("byorg/<org:org>/", views.by_org),
    path("members/<uuid:token>/", views.MemberView.as_view(), name="member"),
    path("u/<str:username>/", views.profile),
    path("cards/<str:member_number>/", views.card),
    path("mine/", views.mine, name="mine"),
    path("token/", views.token),
    path("resign/", views.resign),
    path("async/", views.asynchronous),
    path("stream/", views.streaming),
    path("astream/", views.async_streaming),
    path("slow/", views.slow),
    path("broken/", views.broken),
    path("broken-transaction/", views.broken_transaction),
    path("post-only/", views.post_only),
    path("products/<slug:slug>/", views.ProductDetail.as_view(), name="product"),
    path("products/<slug:slug>/shadow/", lambda request, slug: views.home(request)),
    path("archive/<int:pk>/", views.archived),
    path("logout/", views.log_out),
    path("unknowable/<str:riddle>/", views.unknowable),
    *i18n_patterns(path("pages/<int:pk>/", views.page, name="page"), prefix_default_language=False),
    *i18n_patterns(path("talks/", views.talks)),
]
