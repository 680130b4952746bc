from django.urls import path

from desk import views

urlpatterns = [path(f"{view.__name__}/", view) for view in views.VIEWS]
