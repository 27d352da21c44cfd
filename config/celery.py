"""The Celery app. Tasks are hints: every one may be lost or repeated, rows decide and sweeps find what was lost."""

import gc
import os
from typing import Any

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("whatsapp_inbox")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def _leave_alone_what_stays(**_: Any) -> None:
    """Code and models stay as long as the process: looking through them for garbage costs a campaign a twentieth."""
    gc.collect()
    gc.freeze()
