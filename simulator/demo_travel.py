"""The templates of the demo's travel company. The company, its trips and its addresses are fictional."""

from typing import Any

from simulator.demo_parts import (
    body,
    buttons,
    call,
    cards,
    coupon,
    footer,
    link,
    offer,
    password,
    picture,
    place,
    reply,
    title,
)
from simulator.shelf import Template

WABA = "200000000000002"
SITE = "https://dune-travel.example"
UNSUBSCRIBE = "No more trips"


_CITIES = (("Tbilisi", "tbilisi.jpg"), ("Istanbul", "istanbul.jpg"), ("Salalah", "salalah.jpg"))


def _city(name: str, file: str) -> list[dict[str, Any]]:
    return [
        picture("IMAGE", file),
        body(f"{name}, four days from {{{{1}}}}.", "AED 1,450"),
        buttons(reply("I like it"), link("Details", f"{SITE}/city/{{{{1}}}}", f"{SITE}/city/tbilisi")),
    ]


_BOOKINGS: list[dict[str, Any]] = [
    {
        "name": "booking_confirmed",
        "language": "en",
        "category": "UTILITY",
        "parameter_format": "NAMED",
        "components": [
            title("You are going!"),
            body(
                "Dear {{traveller}}, booking {{booking}} to {{destination}} from {{departure}} is confirmed. The"
                " tickets follow as soon as the airline has issued them.",
                traveller="Omar",
                booking="DT-7731",
                destination="Muscat",
                departure="12 March",
            ),
            footer("Dune Travel, Dubai"),
            buttons(
                link("My booking", f"{SITE}/b/{{{{1}}}}", f"{SITE}/b/DT-7731"),
                call("Call us", "+97145550202"),
            ),
        ],
    },
    {
        "name": "booking_confirmed",
        "language": "ar",
        "category": "UTILITY",
        "parameter_format": "NAMED",
        "components": [
            title("رحلتك مؤكدة"),
            body(
                "عزيزنا {{traveller}}، تم تأكيد الحجز {{booking}} إلى {{destination}} ابتداءً من {{departure}}."
                " نرسل التذاكر فور صدورها من شركة الطيران.",
                traveller="عمر",
                booking="DT-7731",
                destination="مسقط",
                departure="12 مارس",
            ),
            footer("دون للسفر، دبي"),
            buttons(
                link("حجزي", f"{SITE}/b/{{{{1}}}}", f"{SITE}/b/DT-7731"), call("اتصل بنا", "+97145550202")
            ),
        ],
    },
    {
        "name": "your_tickets",
        "language": "en",
        "category": "UTILITY",
        "components": [
            picture("DOCUMENT", "tickets.pdf"),
            body(
                "Here are the tickets for {{1}}. Please be at the airport by {{2}} at the latest.",
                "DT-7731",
                "6:40 am",
            ),
            buttons(reply("All correct"), reply("Something is wrong")),
        ],
    },
    {
        "name": "meeting_point",
        "language": "en",
        "category": "UTILITY",
        "components": [
            place(),
            body("Your guide {{1}} waits here tomorrow at {{2}}, with a blue umbrella.", "Faris", "8:15 am"),
            buttons(reply("I will find it"), call("Call the guide", "+97145550202")),
        ],
    },
    {
        "name": "visa_papers",
        "language": "en",
        "category": "UTILITY",
        "components": [
            title("Papers for booking {{1}}", "DT-7731"),
            body(
                "For the visa we still need {{1}} by {{2}}. A photo taken with the phone is enough.",
                "a passport copy",
                "Monday",
            ),
            buttons(reply("I will send it"), reply("I have a question")),
        ],
    },
    {
        "name": "login_code",
        "language": "en_US",
        "category": "AUTHENTICATION",
        "components": password(
            "*{{1}}* is your verification code. For your security, do not share this code.", 5
        ),
    },
]


_CAMP = picture("IMAGE", "camp.jpg")
_TRIPS: list[dict[str, Any]] = [
    {
        "name": "desert_weekend",
        "language": "en",
        "category": "MARKETING",
        "components": [
            _CAMP,
            body(
                "Two nights under the stars, {{1}}? Our camp in the dunes has places free on {{2}}, dinner and"
                " drive included, from {{3}}.",
                "Maryam",
                "20 February",
                "AED 690",
            ),
            footer("Tap No more trips to stop these messages."),
            buttons(
                reply("Tell me more"),
                reply(UNSUBSCRIBE),
                link("See the camp", f"{SITE}/camp/{{{{1}}}}", f"{SITE}/camp/february"),
            ),
        ],
    },
    {
        "name": "desert_weekend",
        "language": "ar",
        "category": "MARKETING",
        "components": [
            _CAMP,
            body(
                "ليلتان تحت النجوم يا {{1}}؟ في مخيمنا بين الكثبان أماكن شاغرة يوم {{2}}، مع العشاء والمواصلات،"
                " ابتداءً من {{3}}.",
                "مريم",
                "20 فبراير",
                "690 درهماً",
            ),
            footer("لإيقاف هذه الرسائل اضغط لا أريد رحلات."),
            buttons(
                reply("أخبروني أكثر"),
                reply("لا أريد رحلات"),
                link("شاهد المخيم", f"{SITE}/camp/{{{{1}}}}", f"{SITE}/camp/february"),
            ),
        ],
    },
    {
        "name": "early_bird",
        "language": "en",
        "category": "MARKETING",
        "components": [
            picture("IMAGE", "coast.jpg"),
            offer("Early birds"),
            body(
                "Hello {{1}}, book the summer on the Omani coast now and stay one night longer for free.",
                "Priya",
            ),
            buttons(
                coupon("EARLY26"),
                link("Book", f"{SITE}/summer?code={{{{1}}}}", f"{SITE}/summer?code=EARLY26"),
            ),
        ],
    },
    {
        "name": "three_cities",
        "language": "en",
        "category": "MARKETING",
        "components": [
            body("Where next, {{1}}? Three cities that are lovely in spring:", "Omar"),
            cards(*(_city(name, file) for name, file in _CITIES)),
        ],
    },
    {
        "name": "price_drop",
        "language": "en",
        "category": "MARKETING",
        "quality": "YELLOW",
        "components": [
            title("Cheaper since today: {{1}}", "Tbilisi"),
            body(
                "The flight you looked at costs {{1}} less. The fare is held until {{2}}.",
                "AED 240",
                "tonight",
            ),
            buttons(link("See the fare", f"{SITE}/fares/{{{{1}}}}", f"{SITE}/fares/TBS")),
        ],
    },
    {
        "name": "last_summer",
        "language": "en",
        "category": "MARKETING",
        "components": [
            picture("VIDEO", "last-summer.mp4"),
            body("A minute of last summer, {{1}}. This year's programme is out now.", "Faris"),
            buttons(reply("Send it to me"), reply(UNSUBSCRIBE)),
        ],
    },
]


_OTHERS: list[dict[str, Any]] = [
    {
        "name": "eid_programme",
        "language": "ar",
        "category": "MARKETING",
        "status": "PENDING",
        "quality": "UNKNOWN",
        "components": [
            body("برنامج العيد جاهز يا {{1}}. هل نرسله إليك؟", "فارس"),
            buttons(reply("نعم، أرسلوه"), reply("لا أريد رحلات")),
        ],
    },
    {
        "name": "lucky_draw",
        "language": "en",
        "category": "UTILITY",
        "status": "REJECTED",
        "quality": "UNKNOWN",
        "reason": "INCORRECT_CATEGORY",
        "components": [
            body("Dear {{1}}, you may win a cruise. Answer until {{2}} and take part.", "Omar", "Friday")
        ],
    },
    {
        "name": "cruise_letter",
        "language": "en",
        "category": "MARKETING",
        "status": "PAUSED",
        "quality": "RED",
        "pauses": 1,
        "components": [
            body(
                "Cabins on the {{1}} cruise are going fast, {{2}}. Shall we keep one for you?",
                "Nile",
                "Priya",
            ),
            buttons(reply("Yes, keep one"), reply(UNSUBSCRIBE)),
        ],
    },
]


def templates() -> list[Template]:
    """Fresh copies, ready to be put on a shelf: approved ones first, then every other state."""
    some = [*_BOOKINGS, *_TRIPS, *_OTHERS]
    return [
        Template(template_id=str(740_000_000_000_100 + index), waba_id=WABA, **one)
        for index, one in enumerate(some)
    ]
