"""See to it that a Chromium is here for the tests that drive a browser."""

import os
import shutil
import subprocess
import sys

NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"]


def find() -> str | None:
    """Return the path of a Chromium, or None."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def main() -> None:
    if find():
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.exit(
            "The tests drive a real browser and found none. Install Chromium (Debian: apt install chromium), or set CHROMIUM to its path."
        )
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], check=True, stdout=subprocess.DEVNULL)
    if not find():
        sys.exit("apt installed no chromium. Install a browser and set CHROMIUM to its path.")


if __name__ == "__main__":
    main()
