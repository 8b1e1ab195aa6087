"""Addresses of notes on a day."""

from django.urls import path

from alarms.marks import views

urlpatterns = [
    path("metrics/<slug:key>/notes/", views.add_day_note, name="add_day_note"),
    path("notes/<int:pk>/", views.day_note, name="day_note"),
    path("notes/<int:pk>/delete/", views.delete_day_note, name="delete_day_note"),
    path("notes/<int:pk>/restore/", views.restore_day_note, name="restore_day_note"),
]
