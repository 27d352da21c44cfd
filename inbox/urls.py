"""URLs of the inbox: a URL is a state, a verb is a POST of its own. All but signing off is under /w/<workspace>/."""

from django.urls import URLPattern, URLResolver, include, path

from inbox.views import inbox, replies, sign_off, templates, verbs

app_name = "inbox"

conversation = [
    path("", inbox.thread, name="thread"),
    path("menu/", inbox.menu, name="menu"),
    path("controls/", inbox.controls, name="controls"),
    path("older/", inbox.older, name="older"),
    path("claim/", verbs.claim, name="claim"),
    path("unclaim/", verbs.unclaim, name="unclaim"),
    path("close/", verbs.close, name="close"),
    path("transfer/", verbs.transfer, name="transfer"),
    path("reply/", replies.reply, name="reply"),
    path("template/", templates.template, name="template"),
    path("read/", replies.read, name="read"),
    path("messages/<int:message_id>/again/", replies.again, name="again"),
]

workspace: list[URLPattern | URLResolver] = [
    path("inbox/", inbox.conversations, name="list"),
    path("inbox/<int:conversation_id>/", include(conversation)),
    path("inbox/broadcasts/<int:broadcast_id>/", inbox.broadcast, name="broadcast"),
    path("sign-off/", sign_off.sign_off, name="sign_off"),
]

urlpatterns = [
    path("w/<slug:workspace>/", include(workspace)),
    path("sign-off/", sign_off.sign_off_everywhere, name="sign_off_everywhere"),
]
