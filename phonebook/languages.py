"""The languages in which WhatsApp knows templates, hence those a contact may have (Meta, Supported languages, 2026-09).

A contact's language only chooses among the languages of a template; an import may bring others, which are kept.
"""

from django.utils.translation import get_language_info

_CODES = """
    af sq ar ar_AE ar_EG ar_LB ar_MA ar_QA az be_BY bn bn_IN bg ca zh_CN zh_HK zh_TW hr cs da prs_AF nl nl_BE en en_GB
    en_US en_AE en_AU en_CA en_GH en_IE en_IN en_JM en_MY en_NZ en_QA en_SG en_UG en_ZA et fil fi fr fr_BE fr_CA fr_CH
    fr_CI fr_MA ka de de_AT de_CH el gu ha he hi hu id ga it ja kn kk rw_RW ko ky_KG lo lv lt mk ms ml mr nb ps_AF fa pl
    pt_BR pt_PT pa ro ru sr si_LK sk sl es es_AR es_CL es_CO es_CR es_DO es_EC es_HN es_MX es_PA es_PE es_ES es_UY sw sv
    ta te th tr uk ur uz vi zu
"""
# Those that Django has no name for, in the language itself.
_NAMES = {
    "bn": "বাংলা", "fil": "Filipino", "gu": "ગુજરાતી", "ha": "Hausa", "lo": "ລາວ", "prs": "دری", "ps": "پښتو",
    "rw": "Ikinyarwanda", "si": "සිංහල", "zu": "isiZulu",
}  # fmt: skip


def name(code: str) -> str:
    """The language's name in itself, with the region: "English (US)"; the code where nobody knows a name."""
    base, _, region = code.replace("-", "_").partition("_")
    try:
        own = _NAMES.get(base) or get_language_info(base)["name_local"]
    except KeyError:
        return code
    own = own[:1].upper() + own[1:]
    return f"{own} ({region.upper()})" if region else own


def choices(current: str = "") -> list[tuple[str, str]]:
    """Code and name for a form, by name; `current` is among them, whatever it is."""
    known = [(code, name(code)) for code in {*_CODES.split(), current} if code]
    return sorted(known, key=lambda pair: (pair[1].casefold(), pair[0]))
