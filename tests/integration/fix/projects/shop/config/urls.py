"""Routes of a small shop."""

from django.contrib import admin
from django.urls import include, path
from rest_framework.routers import DefaultRouter
from shop import api, views

router = DefaultRouter()
router.register("bare", api.BareViewSet)

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include(router.urls)),
    path("api/orders/", api.OrderView.as_view()),
    path("api/narrowed/", api.NarrowedView.as_view()),
    path("api/manager/", api.ManagerView.as_view()),
    path("orders/", views.Orders.as_view()),
    path("named/", views.NamedOrders.as_view()),
    path("filtered/", views.Filtered.as_view()),
    path("open/", views.OpenOnly.as_view()),
    path("chosen/", views.Chosen.as_view()),
    path("passed/", views.passed),
    path("helped/", views.helped),
    path("one/<int:pk>/", views.one),
    path("listed/", views.listed),
    path("listed-by/", views.listed_by),
    path("notes/", views.notes),
    path("sent/", views.sent),
    path("lines/", views.lines_of),
    path("managed/", views.managed),
    path("appended/", views.appended),
    path("choosing/", views.choosing),
    path("choosing-late/", views.choosing_late),
    path("choosing-order/", views.choosing_order),
    path("choosing-customer/", views.choosing_customer),
    path("sliced/", views.sliced),
    path("bulk/", views.bulk),
    path("united/", views.united),
    path("api/counted/", api.CountedView.as_view()),
    path("api/counted/<int:pk>/", api.CountedOnce.as_view()),
    path("counts/", views.counts),
    path("counts-open/", views.counts_open),
    path("looked-up/", views.looked_up),
    path("looked-up-by-name/", views.looked_up_by_name),
    path("looked-up-and-tried/", views.looked_up_and_tried),
    path("looked-up-of-generator/", views.looked_up_of_generator),
    path("receipts/", views.receipts),
    path("receipts/read/", views.receipts_read),
    path("receipts/renamed/", views.receipts_renamed),
    path("stamps/", views.stamps),
    path("asked-again/", views.asked_again),
    path("first/", views.first_of),
]
