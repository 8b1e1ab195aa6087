from django.urls import path

from alignment import views

urlpatterns = [
    path("", views.front_door, name="front_door"),
    path("detector/<str:token>/", views.detector_result, name="detector_result"),
]
