"""The Arabic catalog: complete, faithful to its sources, and compiled as it is written."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = settings.BASE_DIR
CATALOG = ROOT / "locale" / "ar" / "LC_MESSAGES"
# What no customer sees is not collected (see the Makefile's `messages`).
ELSEWHERE = {".venv", ".data", "bench", "dev", "locale", "simulator", "staticfiles", "tests"}
# Of each function, which arguments are the context, the text and its plural.
ARGUMENTS = {"gettext": ("text",), "pgettext": ("context", "text"), "ngettext": ("text", "plural")}
ARGUMENTS["npgettext"] = ("context", "text", "plural")
STRING = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
CALL = re.compile(rf"\b(_|n?p?gettext)\(\s*({STRING}(?:\s*,\s*{STRING})*)")
WORD = re.compile(r"(?<![\w-])[^\W\d_]{2,}(?![\w-])")  # a class or an attribute has _ or - in its name
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}|</?\w+[^>]*>")

Text = tuple[str | None, str, str | None]  # context, text, plural


def sources(suffix: str) -> list[Path]:
    found = (path.relative_to(ROOT) for path in ROOT.rglob(f"*{suffix}"))
    return sorted(path for path in found if path.parts[0] not in ELSEWHERE and "static" not in path.parts)


TEMPLATES = [path for suffix in (".html", ".txt") for path in sources(suffix) if "templates" in path.parts]


def as_text(function: str, strings: list[str]) -> Text:
    base = re.sub("_(lazy|noop)$", "", function)
    values = dict(zip(ARGUMENTS.get(base, ("text",)), strings, strict=False))
    return values.get("context"), values["text"], values.get("plural")


def texts_of_template(path: Path) -> Iterator[Text]:
    for function, strings in CALL.findall(templatize((ROOT / path).read_text())):
        yield as_text(function, [ast.literal_eval(each) for each in re.findall(STRING, strings)])


def texts_of_module(path: Path) -> Iterator[Text]:
    nodes = list(ast.walk(ast.parse((ROOT / path).read_text())))
    # whatsapp/ knows no Django and marks its sentences with a function of its own.
    marks = {
        node.name: node.name for node in nodes if isinstance(node, ast.FunctionDef) and "gettext" in node.name
    }
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            marks |= {name.asname or name.name: name.name for name in node.names if "gettext" in name.name}
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in marks:
            values = [each.value for each in node.args if isinstance(each, ast.Constant)]
            if strings := [value for value in values if isinstance(value, str)]:
                yield as_text(marks[node.func.id], strings)


@pytest.fixture(scope="module")
def catalog() -> polib.POFile:
    return polib.pofile(str(CATALOG / "django.po"))


def forms(entry: polib.POEntry | polib.MOEntry) -> dict[int, str]:
    return dict(entry.msgstr_plural) if entry.msgid_plural else {0: entry.msgstr}


def key(entry: polib.POEntry | polib.MOEntry) -> Text:
    return entry.msgctxt or None, entry.msgid, entry.msgid_plural or None


def test_the_catalog_has_exactly_the_texts_of_templates_and_modules(catalog):
    """If this fails: make messages, then translate what is new in locale/ar/LC_MESSAGES/django.po."""
    said = {text for path in TEMPLATES for text in texts_of_template(path)}
    said |= {text for path in sources(".py") for text in texts_of_module(path)}
    # A text that is used alone and with a plural is one entry, the one with the plural.
    with_plural = {(context, text) for context, text, plural in said if plural}
    said = {text for text in said if text[2] or text[:2] not in with_plural}

    assert len(said) > 400
    assert sorted(map(str, said)) == sorted(str(key(entry)) for entry in catalog)


def test_every_text_is_translated_in_all_its_plural_forms(catalog):
    unfinished = [
        entry.msgid
        for entry in catalog
        if entry.fuzzy
        or entry.obsolete
        or len(forms(entry)) != (6 if entry.msgid_plural else 1)
        or not all(re.search(r"[\u0621-\u064a]", form) for form in forms(entry).values())
    ]

    assert unfinished == []


def test_a_translation_keeps_the_placeholders_and_the_markup_of_its_text(catalog):
    for entry in catalog:
        expected = sorted(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
        for number, form in forms(entry).items():
            found = sorted(PLACEHOLDER.findall(form))
            if entry.msgid_plural and number < 3 and found != expected:
                # None, one and two are words in Arabic: the count itself may be left out.
                without = [each for each in expected if each not in {"%(n)s", "%(num)d", "%(min_length)d"}]
                assert found == without, entry.msgid
            else:
                assert found == expected, entry.msgid


def test_numbers_are_written_with_western_digits(catalog):
    assert [form for entry in catalog for form in forms(entry).values() if re.search("[٠-٩۰-۹]", form)] == []


def test_the_compiled_catalog_says_what_the_written_one_says(catalog):
    compiled = polib.mofile(str(CATALOG / "django.mo"))

    assert {key(entry): forms(entry) for entry in compiled} == {key(entry): forms(entry) for entry in catalog}
    assert compiled.metadata["Plural-Forms"] == catalog.metadata["Plural-Forms"]


@pytest.mark.parametrize("template", TEMPLATES, ids=str)
def test_a_template_shows_no_words_of_its_own(template):
    """Every word that is read, or read out, comes from the catalog or from data."""
    text = re.sub(
        r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", "", (ROOT / template).read_text(), flags=re.S
    )
    text = re.sub(r"\{% blocktranslate .*?\{% endblocktranslate %\}", "", text, flags=re.S)
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.S)
    read_out = re.findall(r'\b(?:aria-label|alt|data-label|placeholder|title)="([^"]*)"', text)
    between_tags = re.sub(r"<[^>]*>", " ", re.sub(r"""[\w:.-]+=("[^"]*"|'[^']*')""", "", text))

    assert [WORD.findall(each) for each in [between_tags, *read_out] if WORD.search(each)] == []


@pytest.fixture(scope="module")
def browser_words() -> dict[str, dict[str, str | dict[str, str]]]:
    """The table at the top of words.js, which is JSON but for unquoted names and trailing commas."""
    script = (ROOT / "config" / "static" / "js" / "words.js").read_text()
    table = script.partition("const WORDS = ")[2].partition("\n};")[0] + "}"
    quoted = re.sub(r'("(?:[^"\\]|\\.)*")|(\w+)(?=\s*:)', lambda m: m[1] or f'"{m[2]}"', table)
    found: dict[str, dict[str, str | dict[str, str]]] = ast.literal_eval(quoted)
    return found


def test_the_browser_has_the_same_words_in_both_languages(browser_words):
    english, arabic = browser_words["en"], browser_words["ar"]

    assert english.keys() == arabic.keys()
    for name, text in english.items():
        if isinstance(text, dict):
            assert arabic[name].keys() == {"one", "two", "few", "many", "other"}
        pair = [said[name]["other"] if isinstance(text, dict) else said[name] for said in (english, arabic)]
        assert len({tuple(sorted(PLACEHOLDER.findall(each))) for each in pair}) == 1, name


def test_the_browser_and_the_server_say_the_same_thing_alike(browser_words, catalog):
    by_text = {entry.msgid: entry.msgstr for entry in catalog if not entry.msgctxt}
    english, arabic = browser_words["en"], browser_words["ar"]

    def as_server(text: str) -> str:
        return re.sub(r"\{(\w+)\}", r"%(\1)s", text)

    shared = {
        name: by_text[as_server(text)]
        for name, text in english.items()
        if isinstance(text, str) and as_server(text) in by_text
    }

    assert len(shared) > 5
    assert {name: as_server(arabic[name]) for name in shared} == shared
