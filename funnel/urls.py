from django.urls import path

from funnel import stage_views, views

urlpatterns = [
    path("funnel/", views.funnel, name="funnel"),
    path("funnel/leads/", views.leads, name="funnel_leads"),
    path("funnel/stages/", stage_views.stages, name="stages"),
    path("funnel/stages/criteria/", stage_views.criteria, name="stage_criteria"),
    path("funnel/stages/new/", stage_views.propose, name="new_stage"),
    path("funnel/stages/<slug:key>/", stage_views.propose, name="propose_stage"),
]
