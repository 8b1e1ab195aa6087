"""The addresses of the records' pages."""

from django.urls import path

from crm.rates import views

urlpatterns = [
    path("imports/rates/", views.exchange_rates, name="exchange_rates"),
]
