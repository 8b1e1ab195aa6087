import gc

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Core"

    def ready(self) -> None:
        """Look for garbage less often: what is loaded here stays, and going through it takes a tenth of the time.

        Dates have bounds wherever they come in. Each app registers the workers of its models.
        """
        gc.set_threshold(50_000, 20, 50)
        from core.validators import bound_dates

        bound_dates()
        autodiscover_modules("work")
