"""Static files under the hash of their content, compressed once: what has not changed is not compressed again."""

from collections.abc import Iterable, Iterator

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):
    keep_only_hashed_files = True  # type: ignore[assignment]  # a name without its hash would be served stale

    def compress_files(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        return super().compress_files([path for path in paths if not self.exists(f"{path}.gz")])
