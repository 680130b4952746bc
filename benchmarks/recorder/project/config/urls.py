"""One path for each view that is measured."""

from blog import api, views
from django.conf import settings
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("one/", views.one),
    path("loop/", views.loop),
    path("prefetched/", views.prefetched),
    path("api/posts/", api.PostList.as_view()),
    path("admin/", admin.site.urls),
    path("statements/<int:number>/", views.statement),
]
if "debug_toolbar" in settings.INSTALLED_APPS:
    urlpatterns.append(path("__debug__/", include("debug_toolbar.urls")))
