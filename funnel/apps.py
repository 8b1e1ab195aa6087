from django.apps import AppConfig


class FunnelConfig(AppConfig):
    name = "funnel"
    verbose_name = "Funnel"

    def ready(self) -> None:
        from crm.models.base import in_hands
        from funnel.queries import leads_handed_to

        in_hands("crm.Lead", leads_handed_to)
