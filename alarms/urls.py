"""The addresses of alarms and detectors."""

from django.urls import include, path

from alarms import answers, views
from alarms.why import views as why_views

urlpatterns = [
    path("alarms/", views.alarm_list, name="alarms"),
    path("", include("alarms.marks.urls")),
    path("alarms/<int:pk>/", views.alarm, name="alarm"),
    *(
        path(f"alarms/<int:pk>/{key.replace('_', '-')}/", answers.answer_alarm(key), name=f"alarm_{key}")
        for key in answers.ANSWERS
    ),
    path("metrics/<slug:key>/why/", why_views.metric_why, name="metric_why"),
]
