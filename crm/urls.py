"""The addresses of the records' pages."""

from django.urls import path

from crm import rate_views

urlpatterns = [
    path("imports/rates/", rate_views.exchange_rates, name="exchange_rates"),
]
