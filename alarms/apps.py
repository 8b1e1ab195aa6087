from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class AlarmsConfig(AppConfig):
    name = "alarms"
    verbose_name = "Alarms"

    def ready(self) -> None:
        autodiscover_modules("detectors")
