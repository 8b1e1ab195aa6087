from django.urls import path

from alignment import views
from alignment.matrix import views as matrix_views

urlpatterns = [
    path("", views.front_door, name="front_door"),
    path("detector/<str:token>/", views.detector_result, name="detector_result"),
    path("accountability/", matrix_views.matrix, name="matrix"),
    path("accountability/edit/", matrix_views.edit_matrix, name="edit_matrix"),
    path("accountability/edit/<slug:key>/", matrix_views.edit_matrix, name="edit_matrix"),
]
