"""Addresses of notices."""

from django.urls import path

from notify import views

urlpatterns = [
    path("notices/", views.notices, name="notices"),
    path("notices/bell/", views.bell, name="bell"),
    path("notices/read/", views.read, name="read_notices"),
    path("notices/<int:pk>/", views.look, name="notice"),
]
