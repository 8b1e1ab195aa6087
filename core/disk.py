"""How much may still be written: PostgreSQL stops when its disk is full."""

import errno
import shutil
from pathlib import Path

RESERVE_BYTES = 512 * 1024**2


class NoSpace(OSError):
    """So little is free that nothing more is written; worth another try later."""

    def __init__(self, path: Path) -> None:
        super().__init__(errno.ENOSPC, "The disk is nearly full", str(path))


def has_space(path: Path | str, needed: int = 0) -> bool:
    """Tell whether `needed` bytes can be written to the disk of a folder and the reserve stays free."""
    return shutil.disk_usage(path).free >= needed + RESERVE_BYTES


def require_space(path: Path, needed: int = 0) -> None:
    """Do nothing while there is space.

    Raises:
        NoSpace: there is not.
    """
    if not has_space(path, needed):
        raise NoSpace(path)
