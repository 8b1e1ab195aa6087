"""Addresses of the scores. Fixed words come before the key of a model."""

from django.urls import path

from scoring import views

urlpatterns = [
    path("scores/", views.scores, name="scores"),
    path("scores/propose/", views.propose_ours, name="propose_scores"),
]
