"""Addresses of rounds."""

from django.urls import path

from alignment.rounds import answer_views, views

urlpatterns = [
    path("rounds/", views.rounds, name="rounds"),
    path("rounds/new/", views.new_round, name="new_round"),
    path("rounds/<int:pk>/", views.round_page, name="round"),
    path("rounds/<int:pk>/close/", views.close_round, name="close_round"),
    path("rounds/<int:pk>/remind/", views.remind_round, name="remind_round"),
    path("rounds/<int:pk>/links/", views.round_links, name="round_links"),
    path("rounds/<int:pk>/results/", views.round_results, name="round_results"),
    path("answer/<str:token>/", answer_views.answer_round, name="answer_round"),
    path("answer/<str:token>/done/", answer_views.round_answered, name="round_answered"),
]
