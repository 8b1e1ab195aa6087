from django.apps import AppConfig


class ConnectorsConfig(AppConfig):
    name = "connectors"

    def ready(self) -> None:
        """Load every connector, so that a wrong declaration is refused at start, and the mappings that they bring along."""
        from connectors.registry import connector_types, mapping_folders
        from imports.mapping.folders import register_mappings_folder

        connector_types()
        for folder in mapping_folders():
            register_mappings_folder(folder)
