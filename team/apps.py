from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class TeamConfig(AppConfig):
    name = "team"
    verbose_name = "Team"

    def ready(self) -> None:
        autodiscover_modules("seats", "permissions", "pages")
        from team.number_format import connect_tasks

        connect_tasks()
