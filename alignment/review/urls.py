"""The addresses of joint reviews."""

from django.urls import path

from alignment.review import views

urlpatterns = [
    path("reviews/", views.reviews, name="reviews"),
    path("reviews/start/", views.start_review, name="start_review"),
    path("reviews/decisions/<int:pk>/", views.change_decision, name="change_decision"),
    path("reviews/<int:number>/", views.review, name="review"),
    path("reviews/<int:number>/close/", views.close_review, name="close_review"),
    path("reviews/<int:number>/leads/", views.answer_leads, name="answer_leads"),
    path("reviews/<int:number>/decisions/", views.record_decision, name="record_decision"),
    path("reviews/<int:number>/decisions/<int:pk>/", views.answer_decision, name="answer_decision"),
    path("reviews/<int:number>/decisions/<int:pk>/delete/", views.delete_decision, name="delete_decision"),
    path("reviews/<int:number>/steps/<slug:key>/", views.review_step, name="review_step"),
]
