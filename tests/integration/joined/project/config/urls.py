from django.contrib import admin
from django.urls import path
from market import views

urlpatterns = [
    path("admin/", admin.site.urls),
    path("login/", views.login),
    path("who/", views.who),
    path("add/", views.add),
    path("cart/", views.cart),
    path("upload/", views.upload),
    path("file/<str:name>/", views.file),
    path("count/", views.count),
    path("async-count/", views.count_async),
    path("get-that-writes/", views.get_that_writes),
    path("raw/", views.raw),
    path("in-transaction/", views.in_transaction),
    path("stats/", views.stats),
    path("remember/<str:value>/", views.remember),
    path("recall/", views.recall),
    path("fails/", views.fails),
]
