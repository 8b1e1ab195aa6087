"""The addresses of the records' pages."""

from django.urls import path

from crm import views

urlpatterns = [
    path("imports/", views.imports, name="imports"),
    path("imports/<int:pk>/", views.import_run, name="import_run"),
    path("imports/<int:pk>/rejected/", views.rejected, name="rejected"),
    path("imports/<int:pk>/rejected/<int:file_pk>.csv", views.rejected_csv, name="rejected_csv"),
    path("imports/<int:pk>/cancel/", views.cancel, name="cancel_import"),
]
