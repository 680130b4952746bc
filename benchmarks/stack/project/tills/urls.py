"""URLs."""

from django.urls import path

from tills import views

urlpatterns = [
    path("entries/", views.entries),
    path("visits/", views.visits),
    path("chatty/", views.chatty),
    path("slow/", views.slow),
    path("plain/", views.plain),
]
