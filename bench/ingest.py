"""Durable webhooks against the same server that answers after the HMAC only: rows = 200s."""

import json
import subprocess
import sys
import tempfile
from statistics import median

from django.db import connection

from bench.harness import Report
from bench.processes import uvicorn

SECONDS = 3.0
PATH = "/webhooks/whatsapp/"
REACH = {64: 0.55, 256: 0.7}
P99_MS = 250


def run(report: Report) -> None:
    """64 and 256 connections, each against the floor."""
    with (
        tempfile.NamedTemporaryFile() as body,
        uvicorn("config.asgi:application") as (door, _),
        uvicorn("bench.floor:application") as (floor, _),
    ):
        body.write(_body())
        body.flush()
        for port in (door, floor):  # warm up
            _load(port, 64, 1.0, body.name)
        for connections, reach in REACH.items():
            results: list[dict[str, float]] = []
            before = _rows()

            def stored(connections: int = connections, results: list[dict[str, float]] = results) -> float:
                results.append(_load(door, connections, SECONDS, body.name))
                return results[-1]["rate"]

            def answered(connections: int = connections) -> float:
                return _load(floor, connections, SECONDS, body.name)["rate"]

            report.pairs(f"ingest-{connections}", "webhooks/s", stored, answered, at_least=reach)
            p99 = median(result["p99"] for result in results)
            report.claim(f"ingest-{connections}-p99", p99 < P99_MS, f"p99 {p99:.0f} ms, bound {P99_MS}")
            ok, other = sum(r["ok"] for r in results), sum(r["other"] for r in results)
            rows = _rows() - before
            report.claim(
                f"ingest-{connections}-rows",
                rows == ok and not other,
                f"{rows} rows, {ok:.0f} 200s, {other:.0f} others",
            )


def _load(port: int, connections: int, seconds: float, body: str) -> dict[str, float]:
    command = [
        sys.executable,
        "-m",
        "bench.load",
        "127.0.0.1",
        str(port),
        PATH,
        str(connections),
        str(seconds),
        body,
    ]
    result: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return result


def _rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM webhooks_delivery")
        count: int = cursor.fetchone()[0]
    connection.close()
    return count


def _body() -> bytes:
    message = {
        "from": "962790000001",
        "from_user_id": "JO.13491208655302741918",
        "id": "wamid.HBgMOTYyNzkwMDAwMDAxFQIAEhgUM0E1RkY0",
        "timestamp": "1700000000",
        "type": "text",
        "text": {"body": "Is my order on its way? " * 36},
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "96265550101", "phone_number_id": "100000000000001"},
        "contacts": [
            {"profile": {"name": "Rania"}, "wa_id": "962790000001", "user_id": "JO.13491208655302741918"}
        ],
        "messages": [message],
    }
    entry = {"id": "200000000000001", "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
