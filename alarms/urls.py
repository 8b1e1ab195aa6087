"""The addresses of alarms and detectors."""

from django.urls import include, path

from alarms import answers, detector_views, views
from alarms.why import views as why_views

urlpatterns = [
    path("alarms/", views.alarm_list, name="alarms"),
    path("alarms/detectors/", detector_views.detectors, name="detectors"),
    path("alarms/detectors/new/", detector_views.detector_new, name="detector_new"),
    path("alarms/detectors/settings/", detector_views.alarm_settings, name="alarm_settings"),
    path("alarms/detectors/<slug:key>/", detector_views.detector, name="detector"),
    path("alarms/detectors/<slug:key>/delete/", detector_views.detector_delete, name="detector_delete"),
    path("", include("alarms.marks.urls")),
    path("", include("alarms.restated.urls")),
    path("alarms/<int:pk>/", views.alarm, name="alarm"),
    *(
        path(f"alarms/<int:pk>/{key.replace('_', '-')}/", answers.answer_alarm(key), name=f"alarm_{key}")
        for key in answers.ANSWERS
    ),
    path("metrics/<slug:key>/why/", why_views.metric_why, name="metric_why"),
]
