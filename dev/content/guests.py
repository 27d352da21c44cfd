"""The people on the demo's lists: fictional names and numbers, some of whom answered a campaign."""

from dataclasses import dataclass

_ENGLISH = (
    "Maya Darwish", "Adam Halabi", "Salma Qasem", "Tariq Nabulsi", "Yara Kanaan", "Sami Zureiq", "Huda Masri", "Ziad Akkawi",
    "Rula Shahin", "Nadim Fares", "Layan Habash", "Karim Obeid", "Joud Salameh", "Amal Rimawi", "Bilal Sabbagh", "Dina Khoury",
    "Firas Lahham", "Ghada Tamimi", "Issa Madi", "Jana Bitar", "Kinan Daher", "Lamia Awad", "Munir Jabri", "Nisreen Qudah",
)  # fmt: skip
_ARABIC = (
    "ليان الزعبي", "عمر الشريف", "هالة النجار", "رامي الخوري", "دانا العمري", "سيف الدين", "مها القيسي", "ناصر حداد",
    "تالا المصري", "وسام برهوم", "جنى صالح", "حازم الرفاعي", "رنا عبيدات", "طلال النمر", "شهد السعدي", "بشار الكردي",
    "نادين فرح", "فادي الحلبي", "سمر الطويل", "مازن جابر", "إيناس زيدان", "كرم الدباس", "لمى حمدان", "أنس الخطيب",
)  # fmt: skip
_CITIES = ("Amman", "Zarqa", "Irbid", "Madaba", "Aqaba")


@dataclass(frozen=True)
class Guest:
    """Somebody who left their number in the showroom."""

    name: str
    wa_id: str
    language: str
    city: str


GUESTS = [
    Guest(name, f"962790000{500 + index}", language, _CITIES[index % len(_CITIES)])
    for index, (name, language) in enumerate(
        [*((name, "en") for name in _ENGLISH), *((name, "ar") for name in _ARABIC)]
    )
]
# Who answered the campaign, by their place above, and what they wrote.
ANSWERS = {
    1: "Is the shelf also there in oak?",
    5: "I take one! Can you deliver on Thursday?",
    9: "How wide is it?",
    26: "كم سعره مع التوصيل؟",
    30: "أريد واحداً لو سمحتم",
}
STOPPED = (3, 17, 33)  # who wrote STOP some time ago
