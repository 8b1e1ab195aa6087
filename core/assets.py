"""Assets that installed packages bring and we serve from our own host, by the name they have on our pages."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.utils import matches_patterns
from django.core.files.storage import FileSystemStorage, Storage


class _OneFile(FileSystemStorage):
    """A folder of a package seen as a storage with a single file under our name."""

    def __init__(self, name: str) -> None:
        self.source = settings.PACKAGED_ASSETS[name]
        self.prefix = ""
        super().__init__(location=str(self.source.parent))

    def path(self, name: str) -> str:
        return str(self.source)


class PackagedAssetFinder(BaseFinder):
    """Find settings.PACKAGED_ASSETS ({name on our pages: file in a package})."""

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        source = settings.PACKAGED_ASSETS.get(path)
        if source is None:
            return []
        return [str(source)] if find_all else str(source)

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[tuple[str, Storage]]:
        for name in settings.PACKAGED_ASSETS:
            if not matches_patterns(name, list(ignore_patterns or [])):
                yield name, _OneFile(name)
