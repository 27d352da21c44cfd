"""A Celery worker as in production, whose numbers take a million messages a second: the limiter works but does not limit.

`python -m bench.worker FLAG celery arguments …`; while the file FLAG exists there is no limiter at all.
"""

import sys
from pathlib import Path

from celery.__main__ import main

UNLIMITED = 1_000_000

if __name__ == "__main__":
    import django

    from config.celery import app  # noqa: F401  reads the settings, and with them Django

    django.setup()
    from accounts import models
    from inbox import pace

    flag, limited = Path(sys.argv.pop(1)), pace.lease

    def lease(number_id: int, per_second: int, want: int) -> pace.Lease:
        return pace.Lease(want, 0.0) if flag.exists() else limited(number_id, per_second, want)

    models.HIGH_THROUGHPUT = UNLIMITED  # type: ignore[misc]
    pace.lease = lease
    sys.exit(main())
