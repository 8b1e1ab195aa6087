from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class KpisConfig(AppConfig):
    name = "kpis"
    verbose_name = "Metrics"

    def ready(self) -> None:
        autodiscover_modules("tiles")
        autodiscover_modules("chart_marks")
        autodiscover_modules("panels")
        autodiscover_modules("news")
