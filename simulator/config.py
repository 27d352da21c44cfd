"""What the simulator is told by its environment: where webhooks go, the app secret, the business numbers.

Read once at start. Nonsense stops the program with one sentence instead of a traceback.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from simulator.state import Number

DEFAULT_WEBHOOK_URL = "http://127.0.0.1:8000/webhooks/whatsapp/"
DEFAULT_APP_SECRET = "demo-app-secret"  # noqa: S105 - the published secret of the demo, worth nothing
DEFAULT_NUMBERS = (
    Number(
        phone_number_id="100000000000001",
        waba_id="200000000000001",
        display_phone_number="+962 6 555 0101",
        verified_name="Petra Home Store",
    ),
    Number(
        phone_number_id="100000000000002",
        waba_id="200000000000002",
        display_phone_number="+971 4 555 0202",
        verified_name="Dune Travel",
    ),
)


class Config(msgspec.Struct, frozen=True):
    """The settings of one run. `state_file` is None when nothing shall survive a restart."""

    webhook_url: str
    app_secret: str
    numbers: tuple[Number, ...]
    state_file: Path | None


def from_environment(environment: Mapping[str, str]) -> Config:
    """Read WEBHOOK_URL, WHATSAPP_APP_SECRET, SIM_NUMBERS (a JSON list) and SIM_STATE_FILE.

    WHATSAPP_APP_SECRET may hold two comma-separated secrets during a rotation; Meta signs with one of
    them, so the first is used. Raises SystemExit with one sentence when a value cannot be used.
    """
    secret = environment.get("WHATSAPP_APP_SECRET", DEFAULT_APP_SECRET).split(",")[0].strip()
    if not secret:
        raise SystemExit("WHATSAPP_APP_SECRET is set but empty: the simulator could not sign its webhooks.")
    state_file = environment.get("SIM_STATE_FILE", "").strip()
    return Config(
        webhook_url=environment.get("WEBHOOK_URL", "").strip() or DEFAULT_WEBHOOK_URL,
        app_secret=secret,
        numbers=_numbers(environment.get("SIM_NUMBERS", "").strip()),
        state_file=Path(state_file) if state_file else None,
    )


def _numbers(text: str) -> tuple[Number, ...]:
    if not text:
        return DEFAULT_NUMBERS
    try:
        numbers = msgspec.json.decode(text, type=tuple[Number, ...])
    except msgspec.DecodeError as error:
        raise SystemExit(f"SIM_NUMBERS is not a JSON list of business numbers: {error}.") from error
    if not numbers:
        raise SystemExit("SIM_NUMBERS is an empty list: the simulator needs at least one business number.")
    return numbers
