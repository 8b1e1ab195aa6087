"""The apps of Accord, the lowest layer first: a module imports only from its own app and those before it."""

APPS = [
    "core",
    "team",
    "notify",
    "facts",
    "agreements",
    "crm",
    "imports",
    "connectors",
    "scoring",
    "funnel",
    "attribution",
    "forecast",
    "kpis",
    "alarms",
    "alignment",
    "revops",
]
IMPORT_LAYERS = ["models", "parsing", "files", "mapping", "inference", "load", "preview"]  # of the app imports
