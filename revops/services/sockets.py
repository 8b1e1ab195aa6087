"""Where the embedded services listen: a private folder whose path is short enough for a Unix socket (108 bytes)."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path


def socket_dir(folder: Path) -> Path:
    """Return the folder of sockets that belongs to a data folder, passable by others but not readable."""
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    path = Path(tempfile.gettempdir()) / f"accord-{os.getuid()}-{digest}"
    path.mkdir(mode=0o711, exist_ok=True)
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise SystemExit(f"{path} belongs to another person. Set TMPDIR to a folder of your own.")
    path.chmod(0o711)
    return path
