"""The switches that make the fake Cloud API misbehave: what exists, what is allowed, what they mean.

One value object, changed only as a whole by `changed`. Nothing here acts.
"""

from typing import Annotated, Any, Literal

import msgspec

Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=600_000)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


class Failure(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=False):
    """The next `times` valid sends fail with `code`.

    `where="response"` refuses the call (with `http_status`, or the usual one of the code);
    `where="receipt"` accepts it and sends a `failed` status instead. `code=None` answers what a broken
    gateway answers: `http_status` (default 502) and a page of HTML.
    """

    code: int | None = None
    times: Count = 1
    http_status: Annotated[int, msgspec.Meta(ge=400, le=599)] | None = None
    where: Literal["response", "receipt"] = "response"


class Switches(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """All switches with the values of a well-behaved API. Times are milliseconds."""

    # Sending
    latency_ms: Milliseconds = 0  # the message counts as accepted first, then the answer waits
    fail: list[Failure] = []
    lose_response: Count = 0  # accept the next n sends, then break the connection unanswered
    lose_how: Literal["close", "reset", "hang"] = "close"  # FIN, RST, or silence until the caller gives up
    enforce_window: bool = True
    window_refusal: Literal["response", "receipt"] = "response"  # Meta reports 131047 either way
    # Somebody never heard of: has just written by a webhook that was not ours, or never wrote at all.
    strangers: Literal["wrote", "silent"] = "wrote"
    # People and limits
    stopped_refusal: Literal["response", "receipt"] = "response"  # of marketing to who stopped it: 131050
    pair_rate: bool = False  # 1 message per 6 s and person, 45 at once: beyond that 131056
    number_rate: bool | Count = False  # n a second and number, true: by its throughput; beyond that 130429
    portfolio_limit: bool | Count = False  # n people in 24 h outside windows, true: by the tier; 131048
    management_rate: Count = 0  # n management calls an hour and account, beyond that 80007; 0: never
    # Templates
    pacing_first: Count = 0  # after n sends of a template the rest is held until it is assessed; 0: never
    review: Literal["approve", "reject", "wait"] = "approve"  # what becomes of new and edited templates
    review_ms: Milliseconds = 3_000  # how long that takes
    reject_reason: Literal[
        "ABUSIVE_CONTENT",
        "INCORRECT_CATEGORY",
        "INVALID_FORMAT",
        "PROMOTIONAL",
        "SCAM",
        "TAG_CONTENT_MISMATCH",
    ] = "INVALID_FORMAT"
    # Receipts
    receipts: Literal["all", "sent", "delivered", "none"] = "all"  # the last one that is sent
    receipt_delay_ms: Milliseconds = 300  # before each receipt
    receipts_first: bool = False  # post the receipts before answering the send
    auto_read: bool = False  # read at once, also while the chat is not open
    shuffle: bool = False  # never in the natural order
    # Webhooks
    webhooks: bool = True  # off: silence, nothing is kept for later
    duplicates: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0  # extra copies of every POST, at once
    batch: Annotated[int, msgspec.Meta(ge=0, le=1_000)] = 0  # up to n items in one POST; 0 or 1: one each
    batch_ms: Milliseconds = 500  # how long the first item of a batch waits for company
    retry: bool = True  # anything but 200 is sent again, later and later
    retry_first_ms: Annotated[int, msgspec.Meta(ge=10, le=600_000)] = 500


def changed(switches: Switches, changes: dict[str, Any]) -> Switches:
    """Return `switches` with `changes` applied. Raises msgspec.ValidationError on unknown names or values."""
    return msgspec.convert(msgspec.to_builtins(switches) | changes, Switches)


def take_failure(switches: Switches, where: str) -> Failure | None:
    """Use up one of the ordered failures of that place, or return None."""
    for failure in switches.fail:
        if failure.where == where and failure.times > 0:
            failure.times -= 1
            switches.fail = [left for left in switches.fail if left.times > 0]
            return failure
    return None
