"""Addresses of the scores. Fixed words come before the key of a model."""

from django.urls import path

from scoring import model_views, views
from scoring.learned import views as learned_views
from scoring.proof import views as proof_views

urlpatterns = [
    path("scores/", views.scores, name="scores"),
    path("scores/propose/", views.propose_ours, name="propose_scores"),
    path("scores/learned/", learned_views.learned_models, name="learned_models"),
    path("scores/learned/start/", learned_views.start_learning, name="learn"),
    path("scores/learned/<int:pk>/draft/", learned_views.to_draft, name="learned_to_draft"),
    path("scores/<str:key>/proof/", proof_views.proof, name="score_proof"),
    path("scores/<str:key>/proof/again/", proof_views.try_again, name="score_proof_again"),
    path("scores/<str:key>/proof/leads/", proof_views.band_leads, name="score_proof_leads"),
    path("scores/new/", model_views.new_model, name="new_score_model"),
    path("scores/criteria/<slug:name>/", model_views.criteria_rows, name="score_criteria"),
    path("scores/<str:key>/", model_views.score_model, name="score_model"),
    path("scores/<str:key>/back/<int:number>/", model_views.roll_back_version, name="score_model_back"),
]
