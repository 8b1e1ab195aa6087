"""Addresses of forecasts and of the pipeline."""

from django.urls import path

from forecast.outcomes import views

urlpatterns = [
    path("forecast/", views.show_forecast, name="forecast"),
    path("forecast/commit/", views.save_commit, name="forecast_commit"),
]
