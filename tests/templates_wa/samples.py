"""Templates of every kind, as Meta lists them."""

from typing import Any

Listed = list[dict[str, Any]]

PLAIN: Listed = [{"type": "BODY", "text": "Your order is on its way."}]

POSITIONAL: Listed = [
    {
        "type": "HEADER",
        "format": "TEXT",
        "text": "Order {{1}}",
        "example": {"header_text": ["A-17"]},
    },
    {
        "type": "BODY",
        "text": "Hello {{1}}, it arrives on {{2}}. 100% sure, {{1}}!",
        "example": {"body_text": [["Rania", "Saturday"]]},
    },
    {"type": "FOOTER", "text": "Nadia Furniture"},
]

NAMED: Listed = [
    {
        "type": "HEADER",
        "format": "TEXT",
        "text": "For {{first_name}}",
        "example": {"header_text_named_params": [{"param_name": "first_name", "example": "Rania"}]},
    },
    {
        "type": "BODY",
        "text": "{{day}} is the day, {{first_name}}.",
        "example": {
            "body_text_named_params": [
                {"param_name": "day", "example": "Saturday"},
                {"param_name": "first_name", "example": "Rania"},
            ]
        },
    },
]

BUTTONS: Listed = [
    {"type": "BODY", "text": "What would you like?"},
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "QUICK_REPLY", "text": "Yes"},
            {"type": "QUICK_REPLY", "text": "No"},
            {
                "type": "URL",
                "text": "Track",
                "url": "https://shop.example/t/{{1}}",
                "example": ["https://shop.example/t/A-17"],
            },
            {"type": "URL", "text": "Shop", "url": "https://shop.example/"},
            {"type": "PHONE_NUMBER", "text": "Call us", "phone_number": "+96265550101"},
            {"type": "COPY_CODE", "text": "Copy offer code", "example": "SPRING25"},
            {"type": "FLOW", "text": "Book", "flow_id": "77", "flow_action": "navigate"},
            {"type": "REQUEST_CONTACT_INFO", "text": "Share my number"},
        ],
    },
]

# Meta lists the button of an authentication template as a link to itself.
OTP: Listed = [
    {
        "type": "BODY",
        "text": "*{{1}}* is your verification code. For your security, do not share this code.",
        "add_security_recommendation": True,
        "example": {"body_text": [["123456"]]},
    },
    {"type": "FOOTER", "text": "This code expires in 10 minutes.", "code_expiration_minutes": 10},
    {
        "type": "BUTTONS",
        "buttons": [
            {
                "type": "URL",
                "text": "Copy code",
                "url": "https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}",
                "example": ["https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp123456"],
            }
        ],
    },
]

# … and takes it in this form.
OTP_DRAFT: Listed = [
    {"type": "BODY", "add_security_recommendation": True},
    {"type": "FOOTER", "code_expiration_minutes": 5},
    {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE", "text": "Copy code"}]},
]

OFFER: Listed = [
    {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["https://scontent.example/1"]}},
    {
        "type": "LIMITED_TIME_OFFER",
        "limited_time_offer": {"text": "Ends soon!", "has_expiration": True},
    },
    {
        "type": "BODY",
        "text": "Good news, {{1}}: 25% off.",
        "example": {"body_text": [["Rania"]]},
    },
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "COPY_CODE", "text": "Copy offer code", "example": "SPRING25"},
            {"type": "URL", "text": "Shop", "url": "https://shop.example/?c={{1}}", "example": ["SPRING25"]},
        ],
    },
]


def _card(text: str) -> dict[str, Any]:
    return {
        "components": [
            {
                "type": "HEADER",
                "format": "IMAGE",
                "example": {"header_handle": ["https://scontent.example/2"]},
            },
            {"type": "BODY", "text": text, "example": {"body_text": [["oak"]]}},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "More like this"},
                    {
                        "type": "URL",
                        "text": "Buy",
                        "url": "https://shop.example/p/{{1}}",
                        "example": ["https://shop.example/p/oak"],
                    },
                ],
            },
        ]
    }


CAROUSEL: Listed = [
    {"type": "BODY", "text": "For you, {{1}}:", "example": {"body_text": [["Rania"]]}},
    {"type": "CAROUSEL", "cards": [_card("A table of {{1}}."), _card("A chair of {{1}}.")]},
]


def header(kind: str) -> Listed:
    """A template with a header of this format."""
    return [{"type": "HEADER", "format": kind}, *PLAIN]
