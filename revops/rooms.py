"""The rooms, floor to roof: a module imports only rooms that stand before its own. Tests hold the code to it."""

ROOMS = [
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
    "kpis",
    "alignment",
    "revops",
]
