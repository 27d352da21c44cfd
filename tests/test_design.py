"""The design layer keeps its own rules: logical properties, colours in one place, known icons, no inline style."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from accounts.templatetags import ui

CSS = sorted((settings.BASE_DIR / "config" / "static" / "css").glob("*.css"))
TEMPLATES = [
    path for path in settings.BASE_DIR.glob("*/templates/**/*.html") if path.parts[-3] != "simulator"
]
PHYSICAL = re.compile(
    r"(?<![\w-])(?:(?:scroll-)?(?:margin|padding|border)-(?:left|right|top|bottom)"
    r"|(?:left|right|top|bottom|(?:(?:min|max)-)?(?:width|height))\s*:|text-align\s*:\s*(?:left|right)|float\s*:)"
)
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:oklch|oklab|rgba?|hsla?|lab|lch|hwb|light-dark)\(")


def rules(sheet: Path) -> str:
    return re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.S)


@pytest.mark.parametrize("sheet", CSS, ids=lambda sheet: sheet.name)
def test_a_sheet_has_no_physical_side(sheet):
    assert PHYSICAL.findall(rules(sheet)) == []


@pytest.mark.parametrize("sheet", [s for s in CSS if s.name != "tokens.css"], ids=lambda sheet: sheet.name)
def test_colours_live_in_the_tokens(sheet):
    assert COLOUR.findall(rules(sheet)) == []


@pytest.mark.parametrize("sheet", CSS, ids=lambda sheet: sheet.name)
def test_important_is_for_the_reset_and_for_preferences(sheet):
    assert sheet.name in {"reset.css", "states.css"} or "!important" not in rules(sheet)


def test_every_sheet_is_linked_and_the_layers_come_first():
    linked = re.findall(
        r"css/([\w-]+\.css)", (settings.BASE_DIR / "config/templates/_styles.html").read_text()
    )
    assert sorted(linked) == [sheet.name for sheet in CSS]
    assert linked[0] == "reset.css"


def test_templates_name_only_icons_of_the_sprite():
    sprite = set(
        re.findall(r'<symbol id="([\w-]+)"', (settings.BASE_DIR / "config/static/icons.svg").read_text())
    )
    named = {
        name for path in TEMPLATES for name in re.findall(r"{% icon [\"']([\w-]+)[\"']", path.read_text())
    }
    assert named - sprite == set()
    assert ui.DIRECTIONAL - sprite == set()


def test_templates_have_no_inline_style_or_script():
    inline = re.compile(r"\sstyle=|<style|\shx-on|\son[a-z]+=|<script(?![^>]*\ssrc=)")
    assert [path.name for path in TEMPLATES if inline.search(path.read_text())] == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Rania Haddad", "RH"),
        ("sara", "S"),
        ("رانيا حداد", "ر"),
        ("+962 7 9012 3456", ""),
        ("", ""),
        ("👍 Ali B.", "AB"),
        ("(Omar) x", "OX"),
    ],
)
def test_initials(name, shown):
    assert ui.initials(name) == shown


def test_an_avatar_keeps_its_hue_when_the_name_changes():
    first, second = ui.avatar("Rania", key=7), ui.avatar("Rania Haddad", key=7)
    assert re.findall(r"\bh\d\b", first) == re.findall(r"\bh\d\b", second)


def test_an_avatar_escapes_what_a_customer_calls_themselves():
    assert "<b" not in ui.avatar("<b>x</b>", size='"><b')


def test_an_icon_is_decoration_unless_it_has_a_label():
    assert 'aria-hidden="true"' in ui.icon("check")
    assert 'role="img" aria-label="Read"' in ui.icon("check-check", label="Read")


def test_only_directional_icons_are_mirrored():
    assert "icon--flip" in ui.icon("send-horizontal")
    assert "icon--flip" not in ui.icon("check-check")
    assert "icon--flip" not in ui.icon("reply", flip=False)


@pytest.mark.parametrize(
    ("share", "drawn"), [(None, "0 100"), (-5, "0 100"), (41.6, "42 100"), (250, "100 100")]
)
def test_the_ring_is_clamped(share, drawn):
    assert f'stroke-dasharray="{drawn}"' in ui.ring(share)
