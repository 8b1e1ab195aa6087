from django.apps import AppConfig


class FunnelConfig(AppConfig):
    name = "funnel"
    verbose_name = "Funnel"

    def ready(self) -> None:
        from crm.models.base import in_hands
        from funnel.handoffs.weekly import weekly_capacity
        from funnel.queries import leads_handed_to
        from scoring.capacity import register_capacity_source

        in_hands("crm.Lead", leads_handed_to)
        register_capacity_source(weekly_capacity)
