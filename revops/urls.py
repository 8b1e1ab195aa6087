"""Every address of Accord."""

from django.contrib import admin
from django.urls import include, path

from revops import health

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("api/", include("revops.api")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
