"""The addresses of stage mapping."""

from django.urls import path

from funnel.mapping import views

urlpatterns = [
    path("imports/stages/", views.stage_mapping, name="stage_mapping"),
    path("imports/stages/change/", views.change_stage, name="change_stage"),
    path("imports/stages/confirm/", views.confirm_stage, name="confirm_stage"),
    path("imports/stages/undo/", views.undo_stage, name="undo_stage"),
]
