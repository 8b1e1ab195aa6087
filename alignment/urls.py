from django.urls import include, path

from alignment import views
from alignment.cost import views as cost_views
from alignment.index import views as index_views
from alignment.lexicon import views as lexicon_views
from alignment.matrix import views as matrix_views
from alignment.overview import views as overview_views
from alignment.plan import views as plan_views
from alignment.workspace import views as workspace_views

urlpatterns = [
    path("", views.front_door, name="front_door"),
    path("detector/<str:token>/", views.detector_result, name="detector_result"),
    path("detector/<str:token>/begin/", views.begin_with_result, name="begin_with_result"),
    path("overview/", overview_views.overview_page, name="overview"),
    path("alignment/", workspace_views.workspace, name="workspace"),
    path("alignment/index/", index_views.index_page, name="alignment_index"),
    path("plan/", plan_views.plan, name="plan"),
    path("plan/updates/", plan_views.draft_update, name="draft_update"),
    path("plan/updates/<int:number>/", plan_views.update, name="plan_update"),
    path("plan/updates/<int:number>/write/", plan_views.write_update, name="write_update"),
    path("plan/updates/<int:number>/present/", plan_views.present_update, name="present_update"),
    path("cost/", cost_views.cost_page, name="cost"),
    path("", include("alignment.review.urls")),
    path("lexicon/", lexicon_views.lexicon, name="lexicon"),
    path("lexicon/<slug:tab>/", lexicon_views.wordings, name="wordings"),
    path("accountability/", matrix_views.matrix, name="matrix"),
    path("accountability/edit/", matrix_views.edit_matrix, name="edit_matrix"),
    path("accountability/edit/<slug:key>/", matrix_views.edit_matrix, name="edit_matrix"),
    path("", include("alignment.rounds.urls")),
]
