"""Conversations of the workspace `rival`, Dune Travel in Dubai: the other tenant, who must never meet the first."""

from dev.content import DAY, HOUR, Talk, claimed, closed, delivered, said, sent, talk
from inbox.models import Message

AGENT = "rival-agent1"

TALKS: list[Talk] = [
    talk(
        "Omar Al Falasi",
        "971500000107",
        6,
        said("Hi, can you change my flight to Muscat from Friday to Saturday?"),
    ),
    talk(
        "مريم المنصوري",
        "971500000108",
        21,
        said("السلام عليكم، كم سعر باقة صلالة لأربعة أشخاص؟"),
        claimed(AGENT, 6),
        sent(AGENT, "وعليكم السلام، الباقة لثلاث ليال بـ ٣٬٩٥٠ درهم تشمل الفندق والإفطار.", 4),
        said("وهل تشمل الطيران؟", 7),
    ),
    talk(
        "Priya Nair",
        "971550000109",
        3 * HOUR,
        said("Good afternoon, is the desert camp suitable for a two-year-old?"),
        claimed(AGENT, 12),
        sent(AGENT, "Good afternoon, yes: there is a family tent with a crib, and dinner starts early.", 5),
        said("Lovely, please book one night for the 5th", 9),
        delivered(AGENT, "Booked, the voucher is in your mail.", 6),
    ),
    talk(
        "Yara Mansour",
        "971500000301",
        23.1 * HOUR,
        said("Do I need a visa for Georgia with a Jordanian passport?"),
    ),
    talk(
        "Nasser Al Ketbi",
        "971500000302",
        2 * DAY,
        said("شكراً على الخدمة، الرحلة كانت ممتازة"),
        claimed(AGENT, 25),
        sent(AGENT, "حياك الله، ننتظرك في الرحلة القادمة.", 5),
        closed(AGENT, 2),
    ),
    talk(
        "Grace Okafor",
        "971550000303",
        80,
        said("Our pickup at Terminal 3 is not here yet"),
        said("We are at the exit next to the coffee shop", 2),
    ),
    talk(
        "Jakub Nowak",
        "971500000304",
        5 * DAY,
        said("Is the balloon flight refundable if there is too much wind?"),
        claimed(AGENT, 40),
        sent(AGENT, "Yes, in full, or we move it to the next morning.", 6, status=Message.Status.DELIVERED),
        closed(AGENT, 30),
    ),
    talk(
        "فارس التميمي",
        "971500000113",
        45,
        said("متى آخر موعد لدفع عربون العمرة؟"),
        username="faris",
        hidden=True,
        in_phonebook=False,
    ),
]
