"""The addresses of the import pages."""

from django.urls import path

from imports.views import duplicates, jobs, review, saved_mappings, templates, undo

urlpatterns = [
    path("imports/", jobs.imports, name="imports"),
    path("imports/templates/", templates.import_templates, name="import_templates"),
    path("imports/templates/<str:name>.csv", templates.template_csv, name="template_csv"),
    path("imports/templates/<str:name>/", templates.import_template, name="import_template"),
    path("imports/<int:pk>/", jobs.import_run, name="import_run"),
    path("imports/<int:pk>/duplicates/", duplicates.duplicates, name="import_duplicates"),
    path("imports/<int:pk>/rejected/", jobs.rejected, name="rejected"),
    path("imports/<int:pk>/rejected/<int:file_pk>.csv", jobs.rejected_csv, name="rejected_csv"),
    path("imports/<int:pk>/cancel/", jobs.cancel, name="cancel_import"),
    path("imports/remembered/", saved_mappings.remembered, name="remembered"),
    path("imports/remembered/<int:pk>/forget/", saved_mappings.forget, name="forget_mapping"),
    path("imports/remembered/zones/<int:pk>/forget/", saved_mappings.forget_zone, name="forget_zone"),
    path("imports/<int:pk>/confirm/", review.confirm_import, name="confirm_import"),
    path("imports/<int:pk>/duplicates/choose/", review.choose_duplicates, name="choose_duplicates"),
    path("imports/<int:pk>/source/", review.choose_source, name="choose_source"),
    path("imports/<int:pk>/zone/", review.choose_zone, name="choose_zone"),
    path("imports/<int:pk>/currency/", review.choose_currency, name="choose_currency"),
    path("imports/<int:pk>/files/<int:file_pk>/", review.file_mapping, name="file_mapping"),
    path("imports/<int:pk>/files/<int:file_pk>/text/", review.mapping_text, name="mapping_text"),
    path("imports/<int:pk>/files/<int:file_pk>/answer/", review.answer, name="answer_file"),
    *(
        path(
            f"imports/<int:pk>/files/<int:file_pk>/{change}/",
            review.change_file,
            {"change": change},
            name=f"{change.replace('-', '_')}_file",
        )
        for change in ("leave-out", "include")
    ),
    path("imports/<int:pk>/undo/", undo.undo, name="undo_import"),
]
