"""Pages behind which escapes hide."""

from django.urls import path
from raids import views

urlpatterns = [
    path("raid/", views.raid),
    path("thread/", views.thread),
    path("async/", views.asynchronous),
]
