from django.urls import path

from bookshop import views

urlpatterns = [path("orders/<int:order_id>/ship", views.ship)]
