"""The time by which the inbox decides: PostgreSQL's, the same for every web and worker machine."""

from datetime import datetime

from django.db import connection


def database_now() -> datetime:
    """The time of this call, not of the transaction's start: a lock may have been waited for since."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
