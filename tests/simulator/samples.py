"""Filling templates with their own samples, and short drafts of new ones."""

from typing import Any

Part = dict[str, Any]
FILES = {"IMAGE": "image", "VIDEO": "video", "DOCUMENT": "document"}
PLACE = {"latitude": 31.95, "longitude": 35.91, "name": "Shop", "address": "Rainbow Street 12"}


def filled(components: list[Part]) -> list[Part]:
    """What a send must carry so that a template says what its samples say."""
    parts: list[Part] = []
    for part in components:
        kind = part["type"]
        if kind == "HEADER" and part["format"] in FILES:
            file = FILES[part["format"]]
            parts.append(_part("header", {"type": file, file: {"link": "https://example.com/file"}}))
        elif kind == "HEADER" and part["format"] == "LOCATION":
            parts.append(_part("header", {"type": "location", "location": PLACE}))
        elif kind in {"HEADER", "BODY"}:
            texts = _texts(part.get("example", {}))
            parts += [_part(kind.lower(), *texts)] if texts else []
        elif kind == "BUTTONS":
            parts += [_button(index, one) for index, one in enumerate(part["buttons"]) if _needs(one)]
        elif kind == "CAROUSEL":
            cards = [
                {"card_index": index, "components": filled(card["components"])}
                for index, card in enumerate(part["cards"])
            ]
            parts.append({"type": "carousel", "cards": cards})
        elif kind == "LIMITED_TIME_OFFER":
            offer = {"expiration_time_ms": 1_900_000_000_000}
            parts.append(_part(kind.lower(), {"type": "limited_time_offer", "limited_time_offer": offer}))
    return parts


def _part(kind: str, *parameters: Part) -> Part:
    return {"type": kind, "parameters": list(parameters)}


def _texts(example: Part) -> list[Part]:
    for named in ("body_text_named_params", "header_text_named_params"):
        if named in example:
            return [
                {"type": "text", "parameter_name": one["param_name"], "text": one["example"]}
                for one in example[named]
            ]
    values = example.get("header_text") or example.get("body_text", [[]])[0]
    return [{"type": "text", "text": value} for value in values]


def _needs(button: Part) -> bool:
    return button["type"] in {"OTP", "COPY_CODE"} or "{{1}}" in button.get("url", "")


def _button(index: int, one: Part) -> Part:
    if one["type"] == "COPY_CODE":
        sub_type, value = "copy_code", {"type": "coupon_code", "coupon_code": one["example"][0]}
    else:
        sub_type, value = "url", {"type": "text", "text": "482913"}
    return {"type": "button", "sub_type": sub_type, "index": str(index), "parameters": [value]}


def text(value: str, **more: str) -> Part:
    return {"type": "text", "text": value} | more


def body(*values: str) -> list[Part]:
    """The components of a send that fills a body only."""
    return [_part("body", *map(text, values))]


def header(kind: str, content: Any) -> Part:
    return _part("header", {"type": kind, kind: content})


def button(index: int, sub_type: str, kind: str, key: str, value: Any) -> Part:
    parameters = [{"type": kind, key: value}]
    return {"type": "button", "sub_type": sub_type, "index": index, "parameters": parameters}


def draft(name: str = "a_draft", **changes: Any) -> Part:
    """A utility template that would be approved; `...` leaves a key out."""
    components = [
        {
            "type": "body",
            "text": "Your parcel arrives today, {{1}}, all of it.",
            "example": {"body_text": [["Nour"]]},
        }
    ]
    whole = {"name": name, "language": "en_US", "category": "UTILITY", "components": components} | changes
    return {key: value for key, value in whole.items() if value is not ...}
