from django.apps import AppConfig


class AlignmentConfig(AppConfig):
    name = "alignment"
    verbose_name = "Alignment"

    def ready(self) -> None:
        from alignment.lexicon.queries import underline_for
        from core.htmx import register_region_filter

        register_region_filter(lambda request, html: underline_for(request.user, html))
