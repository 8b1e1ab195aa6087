from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class AgreementsConfig(AppConfig):
    name = "agreements"
    verbose_name = "Agreements"

    def ready(self) -> None:
        autodiscover_modules("agreements")
