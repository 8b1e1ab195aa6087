"""The folders of mappings: Accord's own, and those that apps above register. Each holds `<source>/<file>.toml`."""

from pathlib import Path

BUILT_IN_MAPPINGS = Path(__file__).resolve().parent.parent / "mappings"
_folders = [BUILT_IN_MAPPINGS]


def register_mappings_folder(folder: Path) -> None:
    """Add a folder of mappings, as a connector brings along; call it when Django starts."""
    if folder not in _folders:
        _folders.append(folder)


def mapping_folders() -> tuple[Path, ...]:
    return tuple(_folders)


def built_in_path(path: str) -> Path:
    """Return where `<source>/<file>.toml` is, or would be among Accord's own."""
    candidates = [folder / path for folder in _folders]
    return next((candidate for candidate in candidates if candidate.exists()), BUILT_IN_MAPPINGS / path)
