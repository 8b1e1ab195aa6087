from django.urls import path

from alarms import views

urlpatterns = [
    path("alarms/", views.alarm_list, name="alarms"),
    path("alarms/<int:pk>/", views.alarm, name="alarm"),
]
