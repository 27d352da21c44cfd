"""`python -m bench [name …]`: durable services of its own, then each benchmark in turn."""

import importlib
import os
import sys
from pathlib import Path

from bench.harness import Report
from dev.services import services, stop_on_signals

NAMES = ["ingest", "apply", "live", "pages", "imports", "expand", "fanout", "reply"]
DATA = Path(__file__).resolve().parent.parent / ".data" / "bench"


def main(chosen: list[str]) -> int:
    """Runs the chosen benchmarks; returns 1 if one missed what it must reach."""
    if unknown := set(chosen) - set(NAMES):
        print(f"No benchmark named {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}.")
        return 2
    stop_on_signals()
    report = Report()
    settings = {
        "shared_buffers": "1GB",
        "max_wal_size": "8GB",
        "maintenance_work_mem": "1GB",
        "work_mem": "32MB",
    }
    with services(DATA, durable=True, postgres_settings=settings, fresh=True) as env:
        os.environ.update(env, DEMO="1", DJANGO_SETTINGS_MODULE="config.settings")
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", database="owner", verbosity=0)
        for name in chosen or NAMES:
            importlib.import_module(f"bench.{name}").run(report)
    if report.missed:
        print(f"missed: {', '.join(report.missed)}")
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
