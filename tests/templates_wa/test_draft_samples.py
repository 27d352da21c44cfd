"""Sample files on their way to WhatsApp: each is uploaded once, and its handle takes its place in header and cards."""

import json
from dataclasses import replace
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.tenancy import crossing, scope
from templates_wa import actions, desk, submitting
from templates_wa.actions import asking
from templates_wa.drafting import Draft, DraftButton, DraftCard
from templates_wa.models import HeaderFile, Request, Submission

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
BUTTONS = (DraftButton("QUICK_REPLY", "Keep it"),)


@pytest.fixture(autouse=True)
def _platform(settings):
    settings.WHATSAPP_APP_ID = "42"


@pytest.fixture
def meta(graph):
    """A Graph API that takes uploads, one handle after the other, and creates the template."""

    def answer():
        path = graph.paths[-1]
        if path.endswith("/uploads"):
            graph.answer = (200, {"id": "upload:abc?sig=x"})
        elif "upload:" in path:
            graph.answer = (200, {"h": f"4::{graph.uploads[-1].hex()[-2:]}"})
        else:
            graph.answer = (200, {"id": "9001", "status": "PENDING", "category": "MARKETING"})

    graph.before = answer
    return graph


def keep(world, last=b"\1"):
    upload = SimpleUploadedFile("a.png", PNG + last, "image/png")
    return actions.keep_file(member=world.admin, upload=upload).pk


def deck(*files):
    cards = tuple(DraftCard(file, f"Lamp number {place}.", BUTTONS) for place, file in enumerate(files))
    return Draft(
        name="lamps", language="en", category="MARKETING", layout="CAROUSEL", body="New lamps:", cards=cards
    )


def submit(world, draft):
    return asking.submit(member=world.admin, account_id=world.account.pk, draft=draft, request_id=uuid4())


def carry_out(world, wish):
    submitting.carry_out(workspace_id=world.id, submission_id=wish.pk)
    with scope(world.id):
        return Submission.objects.get(pk=wish.pk)


def handles(components):
    cards = next(part["cards"] for part in components if part["type"] == "CAROUSEL")
    return [card["components"][0]["example"]["header_handle"] for card in cards]


def test_every_cards_file_is_uploaded_once_and_named_by_its_handle(demo, meta):
    one, two = keep(demo, b"\1"), keep(demo, b"\2")
    wish = carry_out(demo, submit(demo, deck(one, two, one)))
    assert wish.state == "done"
    assert len(meta.uploads) == 5  # two files, two calls each, and the template
    sent = json.loads(meta.uploads[-1])
    assert handles(sent["components"]) == [["4::01"], ["4::02"], ["4::01"]]
    assert "header_file" not in sent
    assert handles(wish.body["components"]) == [[f"file:{one}"], [f"file:{two}"], [f"file:{one}"]]


def test_a_headers_file_goes_the_same_way(demo, meta):
    draft = replace(deck(), layout="", header="IMAGE", header_file=keep(demo, b"\7"))
    assert carry_out(demo, submit(demo, draft)).state == "done"
    assert json.loads(meta.uploads[-1])["components"] == [
        {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::07"]}},
        {"type": "BODY", "text": "New lamps:"},
    ]


def test_a_file_that_is_gone_is_said_and_nothing_is_created(demo, meta):
    wish = submit(demo, deck(keep(demo), keep(demo)))
    with scope(demo.id):
        HeaderFile.objects.all().delete()
    wish = carry_out(demo, wish)
    assert (wish.state, wish.detail) == ("refused", "sample")
    assert meta.asked == []


def test_the_lease_of_ten_samples_lasts_as_long_as_their_uploads(demo):
    wish = submit(demo, deck(*(keep(demo, bytes([place])) for place in range(10))))
    submitting._take(demo.id, wish.pk)
    with scope(demo.id):
        lease = Submission.objects.get(pk=wish.pk).lease
    minutes = (lease - wish.created).total_seconds() / 60
    assert 21 <= minutes < 22


def test_support_hands_in_a_carousel_with_the_requesters_files(demo, meta):
    asked = request(demo, deck(keep(demo, b"\1"), keep(demo, b"\2")))
    with crossing():
        wish = desk.hand_in(Request.objects.get(pk=asked.pk))
    assert carry_out(demo, wish).state == "done"
    assert handles(json.loads(meta.uploads[-1])["components"]) == [["4::01"], ["4::02"]]


def test_support_is_told_of_a_card_without_a_sample_or_with_somebody_elses(demo, rival):
    asked = request(demo, deck(keep(demo), keep(demo)))
    for handle in ("", f"file:{keep(rival)}"):
        with crossing():
            found = Request.objects.get(pk=asked.pk)
            header = found.components[1]["cards"][1]["components"][0]
            header["example"]["header_handle"] = [handle]
            with pytest.raises(desk.NotPossible, match="needs a sample file"):
                desk.hand_in(found)


def test_a_sample_of_another_workspace_is_not_taken(demo, rival):
    draft = deck(keep(demo), keep(rival))
    with pytest.raises(asking.Refused) as refused:
        submit(demo, draft)
    assert refused.value.field == "card:1:file"
    with pytest.raises(asking.Refused):
        request(demo, draft)


def test_without_an_app_no_sample_can_be_uploaded(demo, settings):
    settings.WHATSAPP_APP_ID = ""
    with pytest.raises(asking.Refused) as refused:
        submit(demo, deck(keep(demo), keep(demo)))
    assert refused.value.field == "card:0:file"


def request(world, draft):
    return asking.request_template(
        member=world.marketer,
        account_id=world.account.pk,
        draft=draft,
        description="For the lamps of this autumn.",
        request_id=uuid4(),
    )
