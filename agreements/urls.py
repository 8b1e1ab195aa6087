"""Addresses of agreements."""

from django.urls import path

from agreements import views

urlpatterns = [
    path("agreements/", views.agreements, name="agreements"),
    path("agreements/new/", views.open_agreement, name="open_agreement"),
    path("agreements/signatories/", views.seats, name="signatories"),
    path("agreements/<int:pk>/", views.agreement, name="agreement"),
    path("agreements/<int:pk>/propose/", views.propose, name="propose_version"),
    path("agreements/versions/<int:pk>/<slug:verb>/", views.answer, name="answer_version"),
]
