"""Routes."""

from django.urls import path
from stalls import views

urlpatterns = [
    path("", views.home),
    path("products/<int:pk>/", views.product),
    path("menu/", views.menu),
    path("basket/", views.basket),
    path("mine/", views.mine),
    path("popular/", views.popular),
    path("greeting/", views.greeting),
    path("upload/", views.upload),
    path("like/<int:pk>/", views.like),
    path("shout/", views.shout),
    path("labels/", views.labels),
]
