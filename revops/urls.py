"""Every address of Accord."""

from django.contrib import admin
from django.urls import include, path

from revops import health, views

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("home/", views.home, name="home"),
    path("api/", include("revops.api")),
    path("", include("team.urls")),
    path("", include("agreements.urls")),
    path("", include("alignment.urls")),
    path("", include("crm.urls")),
    path("", include("kpis.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
