"""What the documentation says of the connectors, written from their declarations."""

from collections.abc import Iterable

from connectors.connector_type import ConnectorType
from connectors.registry import connector_types


def connectors_as_markdown() -> list[str]:
    """Return two tables: what each connector reads, and how one signs in."""
    declared = connector_types().values()
    objects = [[each.title, each.interface, _objects_text(each)] for each in declared]
    sign_in = [
        [each.title, "; ".join(method.title for method in each.sign_in_methods), _hosts_text(each)] for each in declared
    ]
    return [
        _as_table(["CRM", "Interface", "Objects"], objects),
        _as_table(["CRM", "Sign-in methods", "Hosts"], sign_in),
    ]


def _objects_text(declared: ConnectorType) -> str:
    return "; ".join([title[:1].lower() + title[1:] for title in declared.objects.values()])


def _hosts_text(declared: ConnectorType) -> str:
    return ", ".join(f"`*{domain}`" for domain in declared.domains)


def _as_table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(header), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
