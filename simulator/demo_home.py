"""The templates of the demo's home store. The shop, its offers and its addresses are fictional."""

from typing import Any

from simulator.demo_parts import (
    body,
    buttons,
    call,
    cards,
    coupon,
    footer,
    link,
    password,
    picture,
    place,
    reply,
    title,
)
from simulator.shelf import Template

WABA = "200000000000001"
SHOP = "https://petra-home.example"
UNSUBSCRIBE = "Stop offers"


_ROOMS = (
    ("Reading corner", "corner.jpg"),
    ("Breakfast table", "table.jpg"),
    ("Quiet bedroom", "bedroom.jpg"),
)


def _room(name: str, file: str) -> list[dict[str, Any]]:
    return [
        picture("IMAGE", file),
        body(f"{name}, complete from {{{{1}}}}.", "390 JOD"),
        buttons(reply("Tell me more"), link("Look", f"{SHOP}/rooms/{{{{1}}}}", f"{SHOP}/rooms/corner")),
    ]


_ORDERS: list[dict[str, Any]] = [
    {
        "name": "order_confirmation",
        "language": "en",
        "category": "UTILITY",
        "parameter_format": "NAMED",
        "components": [
            title("We have your order"),
            body(
                "Thank you, {{customer_name}}. Order {{order_number}} over {{total}} is confirmed and is being"
                " packed now. You will hear from us when it leaves the warehouse.",
                customer_name="Rania",
                order_number="PH-20418",
                total="84.500 JOD",
            ),
            footer("Petra Home Store, Amman"),
            buttons(link("Follow the order", f"{SHOP}/orders/{{{{1}}}}", f"{SHOP}/orders/PH-20418")),
        ],
    },
    {
        "name": "order_confirmation",
        "language": "ar",
        "category": "UTILITY",
        "parameter_format": "NAMED",
        "components": [
            title("استلمنا طلبك"),
            body(
                "شكراً لك يا {{customer_name}}. تم تأكيد الطلب {{order_number}} بقيمة {{total}} ونجهّزه الآن."
                " سنراسلك عند خروجه من المستودع.",
                customer_name="رانيا",
                order_number="PH-20418",
                total="84.500 د.أ",
            ),
            footer("متجر بترا للمنزل، عمّان"),
            buttons(link("متابعة الطلب", f"{SHOP}/orders/{{{{1}}}}", f"{SHOP}/orders/PH-20418")),
        ],
    },
    {
        "name": "delivery_today",
        "language": "en",
        "category": "UTILITY",
        "components": [
            place(),
            body(
                "Good morning {{1}}, our driver brings order {{2}} today between {{3}}. Will somebody be at"
                " home?",
                "Lina",
                "PH-20433",
                "2 and 4 pm",
            ),
            buttons(
                reply("Yes, come by"),
                reply("Another day, please"),
                call("Call the driver", "+96265550101"),
            ),
        ],
    },
    {
        "name": "invoice_ready",
        "language": "en",
        "category": "UTILITY",
        "components": [
            picture("DOCUMENT", "invoice.pdf"),
            body(
                "Hello {{1}}, here is the invoice for order {{2}}. Please keep it for the warranty.",
                "Omar",
                "PH-20391",
            ),
            footer("Petra Home Store, Amman"),
            buttons(call("Ask accounting", "+96265550101")),
        ],
    },
    {
        "name": "how_was_it",
        "language": "en",
        "category": "UTILITY",
        "components": [
            body("Your {{1}} arrived last week, {{2}}. How do you like it so far?", "Dana armchair", "Nour"),
            buttons(reply("Love it"), reply("It is fine"), reply("There is a problem")),
        ],
    },
    {
        "name": "verification_code",
        "language": "en",
        "category": "AUTHENTICATION",
        "components": password(
            "*{{1}}* is your verification code. For your security, do not share this code.", 10
        ),
    },
]


_SALE = picture("IMAGE", "autumn-lamps.jpg")
_OFFERS: list[dict[str, Any]] = [
    {
        "name": "autumn_sale",
        "language": "en",
        "category": "MARKETING",
        "components": [
            _SALE,
            body(
                "The evenings get longer, {{1}}. Until {{2}} all lamps and lanterns are 20% off, in the shop and"
                " online.",
                "Rania",
                "Saturday",
            ),
            footer("Not for you? Tap Stop offers."),
            buttons(
                reply("Keep one for me"),
                reply(UNSUBSCRIBE),
                link("See the lamps", f"{SHOP}/lamps?from={{{{1}}}}", f"{SHOP}/lamps?from=whatsapp"),
            ),
        ],
    },
    {
        "name": "autumn_sale",
        "language": "ar",
        "category": "MARKETING",
        "components": [
            _SALE,
            body(
                "طالت الأمسيات يا {{1}}. حتى {{2}} خصم 20% على كل المصابيح والفوانيس، في المعرض وعلى الموقع.",
                "رانيا",
                "يوم السبت",
            ),
            footer("لا تهمك العروض؟ اضغط إيقاف العروض."),
            buttons(
                reply("احجزوا لي واحداً"),
                reply("إيقاف العروض"),
                link("شاهد المصابيح", f"{SHOP}/lamps?from={{{{1}}}}", f"{SHOP}/lamps?from=whatsapp"),
            ),
        ],
    },
    {
        "name": "voucher_for_you",
        "language": "en",
        "category": "MARKETING",
        "components": [
            title("A little something, {{1}}", "Hana"),
            body(
                "It has been a while. With this code your next order over {{1}} is {{2}} cheaper; it is good until"
                " {{3}}.",
                "50 JOD",
                "10 JOD",
                "31 December",
            ),
            buttons(coupon("HOME10"), link("Go to the shop", SHOP)),
        ],
    },
    {
        "name": "back_in_stock",
        "language": "en",
        "category": "MARKETING",
        "parameter_format": "NAMED",
        "quality": "YELLOW",
        "components": [
            title("It is back"),
            body(
                "Good news, {{first_name}}: {{product}} is in the warehouse again. We kept {{pieces}} aside for"
                " people who asked.",
                first_name="Daniel",
                product="the walnut shelf",
                pieces="twelve",
            ),
            buttons(reply("I take one"), reply(UNSUBSCRIBE)),
        ],
    },
    {
        "name": "new_rooms",
        "language": "en",
        "category": "MARKETING",
        "components": [
            body("Hello {{1}}, three rooms from the new collection that may suit your home:", "Priya"),
            cards(*(_room(name, file) for name, file in _ROOMS)),
        ],
    },
]


_OTHERS: list[dict[str, Any]] = [
    {
        "name": "warranty_reminder",
        "language": "en",
        "category": "UTILITY",
        "status": "PENDING",
        "quality": "UNKNOWN",
        "components": [
            body(
                "The warranty of your {{1}} ends on {{2}}. Is everything still in order?",
                "Dana armchair",
                "3 May",
            ),
            buttons(reply("All good"), reply("Please call me")),
        ],
    },
    {
        "name": "clearance",
        "language": "en",
        "category": "MARKETING",
        "status": "REJECTED",
        "quality": "UNKNOWN",
        "reason": "INVALID_FORMAT",
        "rejection_info": {
            "reason": "Two variables touch each other, so that nobody can tell what they will say.",
            "recommendation": "Put a word or a comma between them.",
        },
        "components": [
            body("The last {{1}}{{2}} of the season are waiting for you in the shop.", "24 ", "rugs")
        ],
    },
    {
        "name": "showroom_evening",
        "language": "en",
        "category": "MARKETING",
        "status": "PAUSED",
        "quality": "RED",
        "pauses": 1,
        "components": [
            body(
                "Dear {{1}}, you are invited to an evening in our showroom on {{2}}, with coffee and sweets.",
                "Sara",
                "Thursday",
            ),
            buttons(reply("I will come"), reply(UNSUBSCRIBE)),
        ],
    },
]


def templates() -> list[Template]:
    """Fresh copies, ready to be put on a shelf: approved ones first, then every other state."""
    some = [*_ORDERS, *_OFFERS, *_OTHERS]
    return [
        Template(template_id=str(730_000_000_000_100 + index), waba_id=WABA, **one)
        for index, one in enumerate(some)
    ]
