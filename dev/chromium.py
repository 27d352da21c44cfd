"""Finds a Chromium for the browser tests, and installs one where there is none (`python -m dev.chromium`)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """Path of a browser that starts: CHROMIUM from the environment, the system's, Playwright's own, or None."""
    if given := os.environ.get("CHROMIUM"):
        return given if _starts(given) else None
    for name in NAMES:
        if (path := shutil.which(name)) and _starts(path):
            return path
    path = _playwrights_own()
    return path if _starts(path) else None


def install() -> None:
    """Install one: Debian's package as root on Debian, else Playwright's own. `find` tells whether it worked."""
    if os.geteuid() == 0 and _is_debian() and shutil.which("apt-get"):
        apt = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-q"], env=apt, check=False)
        subprocess.run(["apt-get", "install", "-q", "-y", "chromium"], env=apt, check=False)
    else:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> int:
    """Make sure there is one; returns the exit code, with one sentence when there is not."""
    if find():
        return 0
    if given := os.environ.get("CHROMIUM"):
        print(f"CHROMIUM={given} does not start; point it to a Chromium, or unset it.", file=sys.stderr)
        return 1
    print("No Chromium found for the browser tests; installing one.", flush=True)
    install()
    if find():
        return 0
    print(
        "No Chromium could be installed; install one and name it: make test CHROMIUM=/path", file=sys.stderr
    )
    return 1


def _starts(path: str) -> bool:
    # Ubuntu's chromium-browser is a stub that only asks for a snap: being there is not enough.
    try:
        command = [path, "--version"]
        return subprocess.run(command, capture_output=True, timeout=30, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _playwrights_own() -> str:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - slow, and rarely needed

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def _is_debian() -> bool:
    release = Path("/etc/os-release")
    return release.exists() and "ID=debian" in release.read_text().splitlines()


if __name__ == "__main__":
    sys.exit(main())
