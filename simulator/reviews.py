"""What happens to templates after they were submitted: review, pauses, quality, category; and who is told.

Every change of a template's state goes through here, so that the store and the webhooks never disagree.
Shapes: Meta, message_template_status_update and its neighbours, 2026-09 and 2025-12.
"""

import asyncio
import re
import time
from typing import Any

from simulator import pacing, receipts
from simulator.runtime import Simulator
from simulator.shelf import Quality, Template
from simulator.state import Message
from simulator.webhooks import Notice

REJECT_WORDS = "REJECT ME"
NOTICE_BEFORE_S = 24 * 3600  # between the announcement of another category and the change
AT_ONCE = 100  # held messages that are released side by side
_TOUCHING = re.compile(r"\}\}\s*\{\{")
_SELLS = re.compile(
    r"\b(?:sale|discounts?|special offer|promo(?:tion)?|voucher|% off|deals?)\b|% off|خصم|تخفيض|عروض",
    re.IGNORECASE,
)
_PAUSES = {1: ("FIRST_PAUSE", "3 hours"), 2: ("SECOND_PAUSE", "6 hours")}


def submit(sim: Simulator, template: Template) -> None:
    """Put a new or changed template before the reviewers, who take the switch's time."""
    template.status, template.in_review = "PENDING", True
    template.reason, template.rejection_info = "NONE", None
    sim.world.templates.put(template)
    sim.world.touch()
    sim.spawn(_review(sim, template, template.revision))


def resume(sim: Simulator) -> None:
    """Go on with the reviews that an earlier run did not finish."""
    for template in sim.world.templates.by_id.values():
        if template.in_review:
            sim.spawn(_review(sim, template, template.revision))


async def _review(sim: Simulator, template: Template, revision: int) -> None:
    await asyncio.sleep(sim.switches.review_ms / 1000)
    current = sim.world.templates.by_id.get(template.template_id)
    if current is not template or template.revision != revision or template.status != "PENDING":
        return
    words = _words(template)
    if sim.switches.review == "wait":
        return
    if sim.switches.review == "reject":
        reject(sim, template, sim.switches.reject_reason)
    elif REJECT_WORDS in words:
        reject(sim, template, "INVALID_FORMAT")
    elif _TOUCHING.search(words):
        reject(
            sim, template, "INVALID_FORMAT", why="Two variables touch each other without a word between them."
        )
    else:
        approve(sim, template)


def _words(template: Template) -> str:
    """All texts of a template, one under the other."""
    found: list[str] = []

    def collect(value: Any, key: str = "") -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                collect(inner, name)
        elif isinstance(value, list):
            for inner in value:
                collect(inner, key)
        elif key == "text" and isinstance(value, str):
            found.append(value)

    collect(template.components)
    return "\n".join(found)


def approve(sim: Simulator, template: Template) -> None:
    """Approve; a utility template that sells something is approved as marketing (since 2025-04)."""
    sells = template.category == "UTILITY" and _SELLS.search(_words(template)) is not None
    template.status, template.reason, template.rejection_info = "APPROVED", "NONE", None
    template.in_review = False
    if sells:
        template.previous_category, template.category = "UTILITY", "MARKETING"
    _tell_status(sim, template, "APPROVED")
    if sells:
        _tell_category(sim, template)
    tell(sim, template, "message_template_components_update", _components(template))


def reject(sim: Simulator, template: Template, reason: str, why: str = "") -> None:
    """Reject. Only INVALID_FORMAT comes with an explanation."""
    template.status, template.reason, template.in_review = "REJECTED", reason, False
    template.rejection_info = None
    if reason == "INVALID_FORMAT":
        template.rejection_info = {
            "reason": why or "The text does not show what the message will say.",
            "recommendation": "Write the sentences out and put words around every variable.",
        }
    infos = {} if template.rejection_info is None else {"rejection_info": template.rejection_info}
    _tell_status(sim, template, "REJECTED", reason, **infos)


def pause(sim: Simulator, template: Template, title: str = "") -> None:
    """Pause for low quality: the first time, the second time; the third time it is disabled instead.

    With `title` RATE_LIMITING_PAUSE it is a pause of pacing, which does not count.
    """
    if not title:
        template.pauses += 1
        if template.pauses > len(_PAUSES):
            disable(sim, template)
            return
    title, how_long = (title, "some time") if title else _PAUSES[template.pauses]
    template.status = "PAUSED"
    words = f"Your WhatsApp message template has been paused for {how_long}."
    _tell_status(sim, template, "PAUSED", other_info={"title": title, "description": words})


def unpause(sim: Simulator, template: Template) -> None:
    """Let a paused template be sent again; pacing begins anew."""
    template.status, template.assessed, template.paced = "APPROVED", False, 0
    words = "Your WhatsApp message template has been unpaused."
    _tell_status(sim, template, "APPROVED", other_info={"title": "UNPAUSE", "description": words})


def disable(sim: Simulator, template: Template) -> None:
    template.status = "DISABLED"
    words = "Your WhatsApp message template has been disabled."
    _tell_status(
        sim,
        template,
        "DISABLED",
        disable_info={"disable_date": int(time.time())},
        other_info={"title": "DISABLED", "description": words},
    )


def delete(sim: Simulator, template: Template) -> None:
    sim.world.templates.remove(template, time.time())
    template.status = "DELETED"
    _tell_status(sim, template, "DELETED", None)


def rate(sim: Simulator, template: Template, score: Quality) -> None:
    """Give another quality score. Whether a bad one leads to a pause is for the caller to order."""
    before, template.quality, template.quality_at = template.quality, score, time.time()
    scores = {"previous_quality_score": before, "new_quality_score": score}
    tell(sim, template, "message_template_quality_update", scores | _names(template))


def recategorise(sim: Simulator, template: Template, category: str) -> None:
    """Move a template to another category, now."""
    template.previous_category, template.category = template.category, category
    template.correct_category = ""
    _tell_category(sim, template)


def announce_category(sim: Simulator, template: Template, category: str) -> None:
    """Say that a template will be moved in 24 hours. `new_category` is then the one it still has."""
    template.correct_category = category
    value = _names(template) | {
        "new_category": template.category,
        "correct_category": category,
        "category_update_timestamp": int(time.time()) + NOTICE_BEFORE_S,
    }
    tell(sim, template, "template_category_update", value)


def release(sim: Simulator, template: Template) -> int:
    """Pacing went well: what was held goes out. Returns how many."""
    template.assessed = True
    held = pacing.take_held(sim, template)
    for message in held:
        message.status = "accepted"
        sim.world.thread(message.phone_number_id, message.wa_id).unread += 1
    sim.spawn(_let_go(sim, held, None))
    return len(held)


def drop(sim: Simulator, template: Template) -> int:
    """Pacing went badly: what was held fails with 132015, the template is paused. Returns how many."""
    held = pacing.take_held(sim, template)
    pause(sim, template, "RATE_LIMITING_PAUSE")
    for message in held:
        message.status = "failed"
    sim.spawn(_let_go(sim, held, receipts.DROPPED))
    return len(held)


async def _let_go(sim: Simulator, held: list[Message], failure: int | None) -> None:
    for start in range(0, len(held), AT_ONCE):
        some = held[start : start + AT_ONCE]
        await asyncio.gather(*(receipts.play(sim, message, failure) for message in some))


def tell(sim: Simulator, template: Template, field: str, value: dict[str, Any]) -> None:
    """Post one management webhook about a template, behind."""
    sim.world.touch()
    notice = Notice(waba_id=template.waba_id, field=field, value=value, at=time.time())
    sim.spawn(sim.courier.send(notice))


def _names(template: Template) -> dict[str, Any]:
    # Webhooks write the locale with a hyphen where the API has an underscore.
    return {
        "message_template_id": int(template.template_id),
        "message_template_name": template.name,
        "message_template_language": template.language.replace("_", "-"),
    }


def _tell_status(
    sim: Simulator, template: Template, event: str, reason: str | None = "NONE", **infos: Any
) -> None:
    value = {"event": event} | _names(template)
    value |= {"reason": reason, "message_template_category": template.category} | infos
    tell(sim, template, "message_template_status_update", value)


def _tell_category(sim: Simulator, template: Template) -> None:
    categories = {"previous_category": template.previous_category, "new_category": template.category}
    tell(sim, template, "template_category_update", _names(template) | categories)


def _components(template: Template) -> dict[str, Any]:
    """The value of message_template_components_update: texts, and buttons with an address or a phone."""
    parts = {part["type"]: part for part in template.components}
    value = _names(template) | {"message_template_element": parts.get("BODY", {}).get("text", "")}
    if parts.get("HEADER", {}).get("format") == "TEXT":
        value["message_template_title"] = parts["HEADER"]["text"]
    if "FOOTER" in parts:
        value["message_template_footer"] = parts["FOOTER"].get("text", "")
    buttons = parts.get("BUTTONS", {}).get("buttons", [])
    if any(button["type"] in {"URL", "PHONE_NUMBER"} for button in buttons):
        value["message_template_buttons"] = [_button(button) for button in buttons]
    return value


def _button(button: dict[str, Any]) -> dict[str, str]:
    row = {
        "message_template_button_type": button["type"],
        "message_template_button_text": button.get("text", ""),
    }
    for key in ("url", "phone_number"):
        if key in button:
            row[f"message_template_button_{key}"] = button[key]
    return row
