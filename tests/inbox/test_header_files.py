"""Kept files in the header of templates: uploaded before the message leaves, once for each number."""

from accounts.tenancy import scope
from templates_wa.models import HeaderFile, Template
from tests.inbox.graph import lose, refuse
from tests.inbox.rows import QUEUED, SENT, due_now, outcome
from tests.inbox.test_template_delivery import AT_ONCE, deliver, send
from tests.worlds import make_template

PICTURE = [{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Look."}]


def with_file(world, conversation):
    """A queued template whose header is a file that is kept here."""
    with scope(world.id):
        file = HeaderFile.objects.create(
            workspace=world.workspace, name="sofa.png", mime="image/png", sha256="0" * 64, content=b"\x89PNG"
        )
    template = make_template(world, "picture", components=PICTURE)
    return file, send(world, conversation, template, {"header.media": f"file:{file.pk}"})


def uploaded():
    return 200, {"id": "777"}


def test_a_kept_file_is_uploaded_once_and_sent_by_its_media_id(demo, outside, graph):
    file, message = with_file(demo, outside)
    graph.order(uploaded)
    assert deliver(demo, message) == AT_ONCE
    assert [call.path for call in graph.calls] == [
        "/v26.0/100000000000001/media",
        "/v26.0/100000000000001/messages",
    ]
    (header,) = graph.calls[1].body["template"]["components"]
    assert header == {"type": "header", "parameters": [{"type": "image", "image": {"id": "777"}}]}
    assert outcome(demo, message)[0] == SENT
    again = send(demo, outside, fresh_template(demo), {"header.media": f"file:{file.pk}"})
    deliver(demo, again)
    assert [call.path.rpartition("/")[2] for call in graph.calls] == ["media", "messages", "messages"]


def fresh_template(world):
    with scope(world.id):
        return Template.objects.get(name="picture")


def test_an_upload_that_may_have_arrived_is_simply_done_again(demo, outside, graph):
    _file, message = with_file(demo, outside)
    graph.order(lose)
    assert deliver(demo, message).seconds > 0
    assert outcome(demo, message)[0] == QUEUED  # not unconfirmed: of the message itself nothing has left
    due_now(demo, message)
    graph.order(uploaded)
    deliver(demo, message)
    assert outcome(demo, message)[0] == SENT


def test_a_file_that_whatsapp_refuses_or_that_is_gone_fails_the_message_in_words(demo, outside, graph):
    file, message = with_file(demo, outside)
    graph.order(refuse(131053, "Not a picture."))
    deliver(demo, message)
    assert outcome(demo, message)[2:] == (131053, "Not a picture.")
    again = send(demo, outside, fresh_template(demo), {"header.media": f"file:{file.pk}"})
    with scope(demo.id):
        HeaderFile.objects.all().delete()
    deliver(demo, again)
    assert outcome(demo, again)[3].startswith("The file of this template’s header is gone")
    assert len(graph.calls) == 1
