from django.urls import path

from attribution.campaigns import views as campaign_views
from attribution.portfolio import views as portfolio_views

urlpatterns = [
    path("campaigns/", campaign_views.campaigns_page, name="campaigns"),
    path("campaigns/portfolio/", portfolio_views.portfolio_page, name="portfolio"),
]
