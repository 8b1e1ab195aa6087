"""Addresses of notices."""

from django.urls import path

from notify import views

urlpatterns = [
    path("notices/", views.notices, name="notices"),
    path("notices/bell/", views.unread_count, name="bell"),
    path("notices/read/", views.mark_notices_read, name="read_notices"),
    path("notices/<int:pk>/", views.open_notice, name="notice"),
]
