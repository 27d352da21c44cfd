"""Short ways to write down the components of the demo's templates, in the form in which the API lists them."""

from typing import Any

Part = dict[str, Any]
SAMPLES = "https://scontent.whatsapp.net/v/demo"


def title(text: str, example: str = "") -> Part:
    """A text header, with a sample if it has a variable."""
    part: Part = {"type": "HEADER", "format": "TEXT", "text": text}
    return part | {"example": {"header_text": [example]}} if example else part


def picture(kind: str, file: str) -> Part:
    """A header of a file: IMAGE, VIDEO or DOCUMENT. The sample is only named, never loaded."""
    return {"type": "HEADER", "format": kind, "example": {"header_handle": [f"{SAMPLES}/{file}"]}}


def place() -> Part:
    """A header with a map, whose place is only known when the message is sent."""
    return {"type": "HEADER", "format": "LOCATION"}


def body(text: str, *examples: str, **named: str) -> Part:
    """A body; samples in their order, or by their name."""
    part: Part = {"type": "BODY", "text": text}
    if named:
        rows = [{"param_name": name, "example": example} for name, example in named.items()]
        return part | {"example": {"body_text_named_params": rows}}
    return part | {"example": {"body_text": [list(examples)]}} if examples else part


def footer(text: str) -> Part:
    return {"type": "FOOTER", "text": text}


def buttons(*some: Part) -> Part:
    return {"type": "BUTTONS", "buttons": list(some)}


def reply(text: str) -> Part:
    return {"type": "QUICK_REPLY", "text": text}


def link(text: str, url: str, example: str = "") -> Part:
    """A link; with a sample its address ends in `{{1}}`."""
    part: Part = {"type": "URL", "text": text, "url": url}
    return part | {"example": [example]} if example else part


def call(text: str, phone: str) -> Part:
    return {"type": "PHONE_NUMBER", "text": text, "phone_number": phone}


def coupon(example: str) -> Part:
    return {"type": "COPY_CODE", "text": "Copy offer code", "example": [example]}


def cards(*some: list[Part]) -> Part:
    return {"type": "CAROUSEL", "cards": [{"components": components} for components in some]}


def offer(text: str) -> Part:
    return {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": text, "has_expiration": True}}


def password(text: str, minutes: int) -> list[Part]:
    """The components of a template for one-time passwords; its words are WhatsApp's, not the business's."""
    return [
        {
            "type": "BODY",
            "text": text,
            "add_security_recommendation": True,
            "example": {"body_text": [["482913"]]},
        },
        {
            "type": "FOOTER",
            "text": f"This code expires in {minutes} minutes.",
            "code_expiration_minutes": minutes,
        },
        buttons({"type": "OTP", "otp_type": "COPY_CODE", "text": "Copy code"}),
    ]
