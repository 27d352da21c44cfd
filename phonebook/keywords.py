"""The words with which customers start or stop marketing, in the languages of those who write here.

A workspace adds to them and switches them off (models.Keyword). Only a message that is nothing but such a word counts:
"stop sending blue ones" is a wish about the order.
"""

import re
import unicodedata
from typing import Final

from phonebook.models import Marketing

# Longer texts are no keyword; the bound keeps the work per message small. In characters, as it was written.
LONGEST_TEXT = 80

# Accents of Latin and Greek letters; vowel signs, superscript alef and the stroke that stretches words in Arabic.
# Not all combining marks: those of Hindi, Bengali or Thai are vowels, and without them other words appear.
_MARKS = re.compile("[\u0300-\u036f\u064b-\u065f\u0670\u0640\u200c-\u200f\u202a-\u202e\u2066-\u2069\ufe0f]")
_SAME = str.maketrans(
    # Alef in all its forms, final ya, and the letters that Persian and Urdu keyboards write; a dotless i.
    {
        "أ": "ا",
        "إ": "ا",
        "آ": "ا",
        "ٱ": "ا",
        "ى": "ي",
        "ی": "ي",
        "ې": "ي",
        "ک": "ك",
        "ة": "ه",
        "ہ": "ه",
        "ı": "i",
    }
)

STOP: Final = """
    stop, stop all, stopall, stop promotions, stop messages, unsubscribe, opt out, optout, opt-out
    إلغاء, الغاء الاشتراك, إلغاء الاشتراك, إيقاف, ايقاف الرسائل, إيقاف العروض, توقف, وقف, أوقف, قف, ستوب
    arret, arrêt, arrêter, stopper, désabonner, me désabonner, se désabonner, désinscrire, désinscription
    baja, dar de baja, darme de baja, parar, detener, no más mensajes, cancelar suscripción
    sair, pare, remover, descadastrar, cancelar inscrição, não quero receber
    iptal, ret, dur, durdur, abonelikten çık
    stopp, abmelden, abbestellen, keine werbung
    रोकें, रोको, बंद, बंद करें, बंद करो, स्टॉप
    بند کریں, بند کرو, روکیں, روک دیں, سٹاپ
    توقف کردن, لغو, لغو اشتراک
    disiscrivi, disiscrivimi, cancellami, berhenti, стоп, отписаться, отписка
"""
START: Final = """
    start, unstop, subscribe, opt in, optin, opt-in
    اشتراك, اشترك, ابدأ, ابدا, بدء, تفعيل الاشتراك
    démarrer, abonner, m'abonner, s'abonner
    alta, darme de alta, suscribir, suscribirme, inscrever, quero receber
    başla, abone ol, anmelden, abonnieren
    शुरू, शुरू करें, स्टार्ट, شروع, شروع کریں
    iscrivimi, mulai, старт, подписаться
"""


def normalised(text: str) -> str:
    """The form in which keywords are compared: no case, accents, vowel signs, punctuation or symbols; single spaces."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    letters = unicodedata.normalize("NFC", _MARKS.sub("", folded)).translate(_SAME)
    return " ".join("".join(each if _counts(each) else " " for each in letters).split())


def _counts(character: str) -> bool:
    # Marks too: what _MARKS has left over are vowels.
    return unicodedata.category(character)[0] in "LMN"


def _words(text: str) -> dict[str, str]:
    """The words of a list, by the form in which they are compared; the first spelling stays."""
    words = [word.strip() for line in text.splitlines() for word in line.split(",") if word.strip()]
    return {normalised(word): word for word in reversed(words)}


# How the built-in words are written where people speak the language, for pages.
WRITTEN: Final = {**_words(START), **_words(STOP)}
BUILT_IN: Final[dict[str, Marketing]] = {
    **dict.fromkeys(_words(START), Marketing.OPTED_IN),
    **dict.fromkeys(_words(STOP), Marketing.OPTED_OUT),
}
