import gc

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Core"

    def ready(self) -> None:
        """Look for garbage less often: what is loaded here stays, and going through it takes a tenth of the time.

        Dates have bounds wherever they come in.
        """
        gc.set_threshold(50_000, 20, 50)
        from core.validators import bound_dates

        bound_dates()
