from django.urls import path

from funnel import routing_views, stage_views, views

urlpatterns = [
    path("funnel/", views.funnel, name="funnel"),
    path("funnel/leads/", views.leads, name="funnel_leads"),
    path("funnel/stages/", stage_views.stages, name="stages"),
    path("funnel/stages/criteria/", stage_views.criteria, name="stage_criteria"),
    path("funnel/stages/new/", stage_views.propose, name="new_stage"),
    path("funnel/stages/<slug:key>/", stage_views.propose, name="propose_stage"),
    path("funnel/routing/", routing_views.routing, name="routing"),
    path("funnel/routing/new/", routing_views.rule, name="new_routing_rule"),
    path("funnel/routing/<int:pk>/", routing_views.rule, name="routing_rule"),
    path("funnel/routing/<slug:verb>/", routing_views.change, name="change_routing"),
]
