"""The addresses of the connectors' pages."""

from django.urls import path

from connectors import views

urlpatterns = [
    path("connectors/", views.connectors, name="connectors"),
    path("connectors/new/<slug:source>/<slug:method>/", views.add_connector, name="add_connector"),
    path("connectors/<int:pk>/", views.connector, name="connector"),
    path("connectors/<int:pk>/edit/", views.edit_connector, name="edit_connector"),
    path("connectors/<int:pk>/pull/", views.pull_now, name="pull_now"),
    path("connectors/<int:pk>/remove/", views.remove_connector, name="remove_connector"),
    *(
        path(
            f"connectors/<int:pk>/{change}/",
            views.change_state,
            {"change": change},
            name=f"connector_{change}",
        )
        for change in views.CHANGES
    ),
]
