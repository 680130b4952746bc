"""A route for each view, named like it."""

from django.contrib import admin
from django.urls import include, path
from loud import routes as loud
from quiet import routes as quiet

urlpatterns = [
    path("loud/", include(loud.urlpatterns)),
    path("quiet/", include(quiet.urlpatterns)),
    path("admin/", admin.site.urls),
]
