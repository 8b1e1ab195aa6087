"""Every connector there is: each folder of `connectors/vendors/` declares one, and is found by its file `connector.py`."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

from django.core.exceptions import ImproperlyConfigured

from connectors import vendors
from connectors.connector_type import ConnectorType


class UnknownSource(LookupError):
    """No connector is declared for this source, as after its folder was removed."""

    def __init__(self, source: str) -> None:
        super().__init__(f"Accord has no connector for “{source}”. Remove this connector, or install it again")


@cache
def connector_types() -> Mapping[str, ConnectorType]:
    """Return every connector by its source, in the order of their titles."""
    return load_connector_types(vendors)


def connector_type(source: str) -> ConnectorType:
    """Return the connector of a source.

    Raises:
        UnknownSource: there is none.
    """
    try:
        return connector_types()[source]
    except KeyError:
        raise UnknownSource(source) from None


def source_choices() -> list[tuple[str, str]]:
    """Return (source, title) of every connector. The model names this function, so a new connector needs no migration."""
    return [(declared.source, declared.title) for declared in connector_types().values()]


def load_connector_types(package: ModuleType) -> dict[str, ConnectorType]:
    """Import `connector.py` of each folder of a package and check what it declares.

    Raises:
        ImproperlyConfigured: a folder declares no connector, a wrong one, or the source of another.
    """
    modules: dict[str, str] = {}
    declarations: list[ConnectorType] = []
    for name in _vendor_packages(package):
        declared = _load_declaration(name)
        if declared.source in modules:
            raise ImproperlyConfigured(
                f"{modules[declared.source]} and {name} both declare the source “{declared.source}”. Rename one."
            )
        modules[declared.source] = name
        declarations.append(declared)
    return {declared.source: declared for declared in sorted(declarations, key=lambda each: each.title.casefold())}


def mapping_folders(package: ModuleType = vendors) -> list[Path]:
    """Return the folders `mappings` that connectors bring along."""
    folders = [Path(root) / name.rpartition(".")[2] / "mappings" for name in _vendor_packages(package) for root in package.__path__]  # fmt: skip
    return [folder for folder in folders if folder.is_dir()]


def _vendor_packages(package: ModuleType) -> Iterator[str]:
    return (f"{package.__name__}.{module.name}" for module in iter_modules(package.__path__) if module.ispkg)


def _load_declaration(package: str) -> ConnectorType:
    module = f"{package}.connector"
    try:
        declared = getattr(import_module(module), "CONNECTOR", None)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        declared = None
    if not isinstance(declared, ConnectorType):
        raise ImproperlyConfigured(f"{package} declares no connector. Add CONNECTOR = ConnectorType(…) to {module}.")
    problems = list(declared.problems())
    if problems:
        raise ImproperlyConfigured(f"{module}: {' '.join(problems)}")
    return declared
