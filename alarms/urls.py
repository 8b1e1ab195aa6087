from django.urls import include, path

from alarms import views

urlpatterns = [
    path("alarms/", views.alarm_list, name="alarms"),
    path("", include("alarms.marks.urls")),
    path("alarms/<int:pk>/", views.alarm, name="alarm"),
]
