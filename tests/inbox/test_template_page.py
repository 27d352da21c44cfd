"""Templates in the composer: offered, chosen, filled in and sent as pages, and shown in the thread as the customer saw them."""

from datetime import timedelta
from uuid import uuid4

import pytest

from accounts.tenancy import scope
from inbox import actions
from inbox.models import Message, SystemLine
from phonebook.models import ContactLabel, Label
from tests.inbox.browsing import HTMX, browser, piece, send
from tests.inbox.dom import parse
from tests.inbox.rows import change, reply
from tests.worlds import make_broadcast, make_conversation, make_message, make_template

SHUT = timedelta(hours=-1)


@pytest.fixture
def shut(demo):
    """A conversation that agent1 holds, window closed."""
    return make_conversation(demo, holder=demo.agent1, window=SHUT)


def path(world, conversation, query=""):
    return world.url(f"inbox/{conversation.pk}/template/{query}")


def composer_of(client, url):
    return parse(client.get(url)).id("composer")


def cards(composer):
    return [(card.one("b").text, card["href"]) for card in composer.all("a", css="choose__card")]


def filled(composer, *values):
    """The form with these texts typed into its fields."""
    form = composer.form()
    names = [name for name in form if name.startswith("v:")]
    return form | dict(zip(names, values, strict=True))


def sent_by(world):
    with scope(world.id):
        rows = Message.objects.filter(outgoing=True, kind="template").order_by("pk")
        return [(row.body, row.sender_id, row.payload["values"]) for row in rows]


# Choosing


def test_outside_the_window_the_composer_is_the_picker(demo, agent1, shut):
    template = make_template(demo)
    composer = composer_of(agent1, demo.url(f"inbox/{shut.pk}/"))
    assert composer.one(css="composer__state").one("b").text.startswith("The 24-hour reply window closed: ")
    [card] = composer.all("a", css="choose__card")
    assert card["href"] == path(demo, shut, f"?tab=claimed&template={template.pk}")
    assert card.text == (
        "showroom_weekend English Hello {{1}}, our showroom opens on {{2}}. Coffee is on us."
    )
    assert composer.id("reply") is None
    assert composer.one(css="composer__bar").text == "Browse the template"


def test_a_few_are_offered_in_the_customer_s_language_first_and_all_can_be_browsed(demo, agent1, shut):
    for n in range(5):
        make_template(demo, f"offer_{n}")
    make_template(demo, "offer_5", language="ar")
    change(demo, shut.contact, language="ar")
    composer = composer_of(agent1, demo.url(f"inbox/{shut.pk}/"))
    assert [name for name, _ in cards(composer)] == ["offer_5", "offer_0", "offer_1", "offer_2"]
    more = composer.one(css="composer__bar").one("a")
    assert (more.text, more["href"]) == ("Browse all 6 templates", path(demo, shut, "?tab=claimed"))
    composer = composer_of(agent1, more["href"])
    assert len(cards(composer)) == 6
    assert composer["data-template"] == "pick"


def test_templates_are_searched_by_name_and_text(demo, agent1, shut):
    make_template(demo, "order_followup")
    make_template(demo, "replacement", components=[{"type": "BODY", "text": "Your NEW one is ready"}])
    search = composer_of(agent1, path(demo, shut)).one("form", role="search")
    for words, names in [("ORDER", ["order_followup"]), ("new ready", ["replacement"]), ("zzz", [])]:
        answer = agent1.get(search["action"], {"find": words})
        assert [name for name, _ in cards(parse(answer).id("composer"))] == names
    assert parse(answer).id("composer").one(css="choose__none").text == "No template says “ zzz ”."
    found = parse(piece(agent1, path(demo, shut, "?find=order"), "pick-cards"))
    assert [name for name, _ in cards(found)] == ["order_followup"]


def test_without_an_approved_template_it_says_where_one_is_requested(demo, agent1, shut):
    make_template(demo, "pending", status="PENDING")
    composer = composer_of(agent1, demo.url(f"inbox/{shut.pk}/"))
    none = composer.one(css="choose__none")
    assert none.text == "There is no approved template for this number yet. Request a template"
    assert none.one("a")["href"] == demo.url("templates/")
    assert composer.one(css="composer__bar").text == ""


def test_inside_the_window_templates_are_a_button_and_what_was_typed_stays(demo, agent1, held):
    make_template(demo)
    composer = composer_of(agent1, demo.url(f"inbox/{held.pk}/"))
    button = composer.one(css="composer__bar").all("button")[0]
    assert (button.text, button["formaction"]) == ("Templates", path(demo, held, "?tab=claimed"))
    # As without a script: the form is sent to the button's address.
    picker = parse(agent1.post(button["formaction"], composer.form() | {"text": "Half a word"})).id(
        "composer"
    )
    assert [name for name, _ in cards(picker)] == ["showroom_weekend"]
    assert picker.one(css="kept").one("textarea").text == "Half a word"
    back = picker.one(css="composer__bar").one("a")
    assert (back.text, back["href"]) == ("Free reply", demo.url(f"inbox/{held.pk}/?tab=claimed#reply"))
    assert composer_of(agent1, back["href"]).form()["text"] == "Half a word"
    assert sent_by(demo) == []


# Filling in and sending


def test_a_template_is_filled_in_and_sent_without_a_script(demo, agent1, shut):
    make_template(demo)
    [(_, href)] = cards(composer_of(agent1, demo.url(f"inbox/{shut.pk}/")))
    form = composer_of(agent1, href)
    assert form.one(css="composer__top").text == "showroom_weekend · Marketing · English"
    assert "Hello {{1}}, our showroom opens on {{2}}." in form.one(css="bubble").text
    answer = agent1.post(form["action"], filled(form, "Rania", "Saturday"))
    [(body, sender, values)] = sent_by(demo)
    assert body == "Hello Rania, our showroom opens on Saturday. Coffee is on us."
    assert (sender, values) == (demo.agent1.pk, {"body.1": "Rania", "body.2": "Saturday"})
    with scope(demo.id):
        message = Message.objects.get(kind="template", outgoing=True)
    assert (answer.status_code, answer["Location"]) == (
        303,
        demo.url(f"inbox/{shut.pk}/?tab=claimed#message-{message.pk}"),
    )


def test_with_a_script_the_answer_is_the_composer_again(demo, agent1, shut):
    template = make_template(demo)
    url = path(demo, shut, f"?template={template.pk}")
    form = parse(piece(agent1, url, "composer")).id("composer")
    assert (form["hx-target"], form["data-template"]) == ("this", "fill")
    answer = agent1.post(
        form["hx-post"], filled(form, "Rania", "Saturday"), headers={**HTMX, "HX-Target": "composer"}
    )
    composer = parse(answer).id("composer")
    assert (answer.status_code, composer["data-template"]) == (200, "shut")
    assert len(sent_by(demo)) == 1


def test_what_does_not_fit_comes_back_field_by_field_with_what_was_typed(demo, agent1, shut):
    template = make_template(demo)
    form = composer_of(agent1, path(demo, shut, f"?template={template.pk}"))
    answer = agent1.post(form["action"], filled(form, "", "two\nlines"))
    composer = parse(answer).id("composer")
    assert answer.status_code == 422
    assert len(composer.all(css="field__error")) == 2
    values = [value for name, value in composer.form().items() if name.startswith("v:")]
    assert values == ["", "two\nlines"]
    assert composer.one(css="composer__error").text.startswith("Something in the template is missing")
    assert sent_by(demo) == []
    assert agent1.post(composer["action"], filled(composer, "Rania", "Saturday")).status_code == 303


def test_a_template_from_an_outdated_screen_is_held_and_sent_on_confirmation(demo, agent1, held):
    template = make_template(demo)
    form = composer_of(agent1, path(demo, held, f"?template={template.pk}"))
    actions.unclaim(member=demo.agent1, conversation_id=held.pk)
    actions.claim(member=demo.agent2, conversation_id=held.pk)
    reply(demo, held, "He already wrote", member=demo.agent2)
    actions.transfer(member=demo.admin, conversation_id=held.pk, to_id=demo.agent1.pk, note="")
    answer = agent1.post(form["action"], filled(form, "Rania", "Saturday"))
    composer = parse(answer).id("composer")
    assert answer.status_code == 409
    assert "Agent2 replied: He already wrote" in composer.one(css="held").text
    assert composer.one("button", css="send").text == "Send anyway"
    assert sent_by(demo) == []
    assert send(agent1, composer).status_code == 303
    assert [values for _, _, values in sent_by(demo)] == [{"body.1": "Rania", "body.2": "Saturday"}]


def test_who_lost_the_conversation_sends_nothing_and_keeps_the_words(demo, agent1, shut):
    template = make_template(demo)
    form = composer_of(agent1, path(demo, shut, f"?template={template.pk}"))
    actions.transfer(member=demo.admin, conversation_id=shut.pk, to_id=demo.agent2.pk, note="")
    answer = agent1.post(form["action"], filled(form, "Rania", "Saturday"))
    composer = parse(answer).id("composer")
    assert answer.status_code == 409
    assert composer.one("b").text == "Agent2 has claimed this conversation"
    assert composer.one(css="kept").one("textarea").text == "Rania Saturday"
    assert sent_by(demo) == []


def test_a_template_that_was_stopped_meanwhile_leads_back_to_the_others(demo, agent1, shut):
    template, other = make_template(demo), make_template(demo, "another")
    form = composer_of(agent1, path(demo, shut, f"?template={template.pk}"))
    change(demo, template, status="PAUSED")
    answer = agent1.post(form["action"], filled(form, "Rania", "Saturday"))
    composer = parse(answer).id("composer")
    assert answer.status_code == 422
    assert composer.one(css="composer__error").text
    assert cards(composer) == [("another", path(demo, shut, f"?tab=claimed&template={other.pk}"))]
    composer = composer_of(agent1, path(demo, shut, f"?template={template.pk}"))
    said = composer.one(css="composer__error").text
    assert said == "This template cannot be sent now. Choose another one."
    assert sent_by(demo) == []


@pytest.mark.parametrize("spoiled", [{"request_id": "nonsense"}, {"seen_version": ""}])
def test_an_incomplete_form_says_so_and_keeps_what_was_typed(demo, agent1, shut, spoiled):
    template = make_template(demo)
    form = composer_of(agent1, path(demo, shut, f"?template={template.pk}"))
    answer = agent1.post(form["action"], filled(form, "Rania", "Saturday") | spoiled)
    composer = parse(answer).id("composer")
    assert answer.status_code == 422
    assert "Rania" in composer.form().values()
    assert sent_by(demo) == []


def test_a_form_sent_twice_is_one_message(demo, agent1, shut):
    template = make_template(demo)
    form = composer_of(agent1, path(demo, shut, f"?template={template.pk}"))
    data = filled(form, "Rania", "Saturday")
    first, second = (agent1.post(form["action"], data) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert len(sent_by(demo)) == 1


def test_only_the_holder_is_offered_templates(demo, agent2, shut):
    template = make_template(demo)
    for query in ("", f"?template={template.pk}"):
        composer = composer_of(agent2, path(demo, shut, query))
        assert composer.one("b").text == "Agent1 has claimed this conversation"
        assert (composer.all("form"), cards(composer)) == ([], [])
    free = make_conversation(demo, window=SHUT)
    composer = composer_of(agent2, path(demo, free, f"?template={template.pk}"))
    assert composer.one("button", css="send").text == "Claim"


def test_an_outsider_neither_chooses_nor_sends(demo, rival, shut):
    template, theirs = make_template(demo), make_conversation(rival, holder=rival.agent1, window=SHUT)
    outsider = browser(rival.agent1)
    data = {
        "template": template.pk,
        "request_id": str(uuid4()),
        "seen_version": 1,
        "seen_message": theirs.last_message_id,
        "v:body.1": "x",
        "v:body.2": "y",
    }
    for url in (path(demo, shut), path(rival, shut)):
        assert outsider.get(url).status_code == 404
        assert outsider.post(url, data).status_code == 404
    # Their own conversation, our template.
    assert cards(composer_of(outsider, path(rival, theirs))) == []
    assert outsider.post(path(rival, theirs), data).status_code == 404
    assert sent_by(demo) + sent_by(rival) == []


@pytest.mark.parametrize("n", [1, 3])
def test_the_picker_asks_as_often_for_three_templates_as_for_one(
    demo, agent1, shut, n, django_assert_num_queries
):
    for i in range(n):
        make_template(demo, f"offer_{i}")
    # a thread's, and: how many templates, and some of them
    with django_assert_num_queries(20):
        composer = composer_of(agent1, demo.url(f"inbox/{shut.pk}/"))
    assert len(cards(composer)) == n


# In the thread


def template_message(world, conversation, **fields):
    shown = {
        "header": None,
        "body": "Hello Rania, we open.",
        "footer": "Reply STOP to opt out",
        "buttons": [],
    }
    payload = {
        "values": {},
        "shown": shown,
        "name": "showroom_weekend",
        "language": "en",
        "category": "MARKETING",
    }
    fields = {"status": 10, "payload": payload, "body": "Hello Rania, we open."} | fields
    return make_message(world, conversation, outgoing=True, kind="template", **fields)


def test_a_template_shows_as_the_customer_saw_it_with_its_name_category_and_campaign(demo, agent1, held):
    broadcast = make_broadcast(demo)
    message = template_message(demo, held, broadcast=broadcast)
    shown = parse(agent1.get(demo.url(f"inbox/{held.pk}/"))).id(f"message-{message.pk}")
    bubble = shown.one(css="bubble")
    assert bubble.one(css="text").text == "Hello Rania, we open."
    assert bubble.one(css="tpl__foot").text == "Reply STOP to opt out"
    assert bubble.one(css="tpl__label").text == "showroom_weekend · Marketing"
    campaign = shown.one(css="msg__campaign").one("a")
    assert (campaign.text, campaign["href"]) == (
        "Weekend opening",
        demo.url(f"inbox/?tab=marketing&broadcast={broadcast.pk}"),
    )
    assert shown.all(css="who") == []
    by_hand = template_message(demo, held, sender=demo.agent1)
    shown = parse(agent1.get(demo.url(f"inbox/{held.pk}/"))).id(f"message-{by_hand.pk}")
    assert (shown.one(css="who").text, shown.all(css="msg__campaign")) == ("Agent1", [])


@pytest.mark.parametrize("payload", [{}, [], "nonsense", {"shown": None}, {"shown": []}])
def test_a_template_of_which_nothing_is_known_shows_its_text(demo, agent1, held, payload):
    message = template_message(demo, held, payload=payload)
    shown = parse(agent1.get(demo.url(f"inbox/{held.pk}/"))).id(f"message-{message.pk}")
    assert shown.one(css="unsupported").text == "Template"
    assert shown.one(css="text").text == "Hello Rania, we open."


@pytest.mark.parametrize(
    ("status", "label", "said"),
    [
        (Message.Status.PUT_OFF, "Waiting", "Waiting: it leaves by itself when its turn comes."),
        (
            Message.Status.HELD,
            "Held by WhatsApp",
            "WhatsApp holds this message back until it knows how the first customers like the template.",
        ),
    ],
)
def test_a_message_that_waits_says_what_for(demo, agent1, held, status, label, said):
    message = template_message(demo, held, status=status)
    change(demo, held, last_message=message)
    page = parse(agent1.get(demo.url(f"inbox/{held.pk}/")))
    shown = page.id(f"message-{message.pk}")
    assert shown.one(css="meta").one("svg", role="img")["aria-label"] == label
    assert shown.one(css="fail--quiet").text == said
    preview = page.id(f"row-{held.pk}").one(css="row__prev")
    assert (preview.text, preview.one("svg", role="img")["aria-label"]) == ("Hello Rania, we open.", label)


@pytest.mark.parametrize(
    ("kind", "others", "mine", "nobody"),
    [
        ("started", "Agent1 started this conversation", "You started this conversation", None),
        (
            "opted_out",
            "Agent1 noted that the customer wants no marketing",
            "You noted that the customer wants no marketing",
            "The customer opted out of marketing",
        ),
        (
            "opted_in",
            "Agent1 noted that the customer agrees to marketing",
            "You noted that the customer agrees to marketing",
            "The customer opted in to marketing",
        ),
    ],
)
def test_a_line_says_who_started_and_who_wants_marketing(demo, agent1, held, kind, others, mine, nobody):
    with scope(demo.id):
        made = [
            SystemLine.objects.create(workspace=demo.workspace, conversation=held, kind=kind, actor=actor)
            for actor in (demo.agent1, None)
        ]
    page = parse(agent1.get(demo.url(f"inbox/{held.pk}/")))
    line = page.id(f"line-{made[0].pk}")
    assert (line.one(css="other-only").text, line.one(css="mine-only").text) == (others, mine)
    if nobody:
        assert page.id(f"line-{made[1].pk}").one(css="other-only").text == nobody


def test_the_panel_names_consent_labels_and_the_way_to_the_phonebook(demo, agent1, held):
    with scope(demo.id):
        for name in ("VIP", "Delivery"):
            label = Label.objects.create(workspace=demo.workspace, name=name)
            ContactLabel.objects.create(workspace=demo.workspace, label=label, contact=held.contact)
    change(demo, held.contact, marketing=1)
    panel = parse(agent1.get(demo.url(f"inbox/{held.pk}/"))).id("panel")
    assert [chip.text for chip in panel.one(css="tags").all(css="chip")] == ["Delivery", "VIP"]
    assert "Marketing Opted in" in panel.one("dl").text
    assert panel.one(css="panel__actions").one("a")["href"] == demo.url(
        f"phonebook/contacts/{held.contact_id}/"
    )
