"""The addresses of the records' pages."""

from django.urls import path

from crm import (
    connector_views,
    rate_views,
    remembered_views,
    review_views,
    stage_views,
    template_views,
    undo_views,
    views,
)
from crm.duplicate_views import duplicates

urlpatterns = [
    path("imports/", views.imports, name="imports"),
    path("imports/rates/", rate_views.exchange_rates, name="exchange_rates"),
    path("imports/stages/", stage_views.stage_mapping, name="stage_mapping"),
    path("imports/stages/change/", stage_views.change_stage, name="change_stage"),
    path("imports/stages/confirm/", stage_views.confirm_stage, name="confirm_stage"),
    path("imports/stages/undo/", stage_views.undo_stage, name="undo_stage"),
    path("imports/templates/", template_views.import_templates, name="import_templates"),
    path("imports/templates/<str:name>.csv", template_views.template_csv, name="template_csv"),
    path("imports/templates/<str:name>/", template_views.import_template, name="import_template"),
    path("imports/<int:pk>/", views.import_run, name="import_run"),
    path("imports/<int:pk>/duplicates/", duplicates, name="import_duplicates"),
    path("imports/<int:pk>/rejected/", views.rejected, name="rejected"),
    path("imports/<int:pk>/rejected/<int:file_pk>.csv", views.rejected_csv, name="rejected_csv"),
    path("imports/<int:pk>/cancel/", views.cancel, name="cancel_import"),
    path("imports/remembered/", remembered_views.remembered, name="remembered"),
    path("imports/remembered/<int:pk>/forget/", remembered_views.forget, name="forget_mapping"),
    path("imports/remembered/zones/<int:pk>/forget/", remembered_views.forget_zone, name="forget_zone"),
    path("imports/<int:pk>/bring-in/", review_views.bring_in, name="bring_in"),
    path("imports/<int:pk>/duplicates/choose/", review_views.choose_duplicates, name="choose_duplicates"),
    path("imports/<int:pk>/source/", review_views.choose_source, name="choose_source"),
    path("imports/<int:pk>/zone/", review_views.choose_zone, name="choose_zone"),
    path("imports/<int:pk>/currency/", review_views.choose_currency, name="choose_currency"),
    path("imports/<int:pk>/files/<int:file_pk>/", review_views.file_mapping, name="file_mapping"),
    path("imports/<int:pk>/files/<int:file_pk>/text/", review_views.mapping_text, name="mapping_text"),
    path("imports/<int:pk>/files/<int:file_pk>/answer/", review_views.answer, name="answer_file"),
    *(
        path(
            f"imports/<int:pk>/files/<int:file_pk>/{change}/",
            review_views.change_file,
            {"change": change},
            name=f"{change.replace('-', '_')}_file",
        )
        for change in ("leave-out", "take-in")
    ),
    path("imports/<int:pk>/undo/", undo_views.undo, name="undo_import"),
    path("connectors/", connector_views.connectors, name="connectors"),
    path("connectors/new/<slug:source>/<slug:method>/", connector_views.add_connector, name="add_connector"),
    path("connectors/<int:pk>/", connector_views.connector, name="connector"),
    path("connectors/<int:pk>/edit/", connector_views.edit_connector, name="edit_connector"),
    path("connectors/<int:pk>/pull/", connector_views.pull_now, name="pull_now"),
    path("connectors/<int:pk>/remove/", connector_views.remove_connector, name="remove_connector"),
    *(
        path(
            f"connectors/<int:pk>/{change}/",
            connector_views.change_state,
            {"change": change},
            name=f"connector_{change}",
        )
        for change in connector_views.CHANGES
    ),
]
