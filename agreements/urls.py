"""Addresses of agreements."""

from django.urls import path

from agreements import views

urlpatterns = [
    path("agreements/", views.agreement_list, name="agreements"),
    path("agreements/new/", views.open_agreement, name="open_agreement"),
    path("agreements/signatories/", views.name_signatories, name="signatories"),
    path("agreements/<int:pk>/", views.agreement_detail, name="agreement"),
    path("agreements/<int:pk>/propose/", views.propose_change, name="propose_version"),
    path("agreements/versions/<int:pk>/<slug:verb>/", views.answer_version, name="answer_version"),
]
