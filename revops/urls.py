"""Every address of Accord."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from revops import health, views

handler500 = "core.database.server_error"
urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}img/mark.svg")),
    path("home/", views.home, name="home"),
    path("api/", include("revops.api")),
    path("", include("team.urls")),
    path("", include("agreements.urls")),
    path("", include("notify.urls")),
    path("", include("alignment.urls")),
    path("", include("crm.urls")),
    path("", include("imports.urls")),
    path("", include("connectors.urls")),
    path("", include("scoring.urls")),
    path("", include("funnel.urls")),
    path("", include("funnel.mapping.urls")),
    path("", include("forecast.urls")),
    path("", include("attribution.urls")),
    path("", include("kpis.urls")),
    path("", include("alarms.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
