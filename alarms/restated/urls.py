"""The address of the ledger of restated figures."""

from django.urls import path

from alarms.restated import views

urlpatterns = [path("restated/", views.restated_figures, name="restated_figures")]
