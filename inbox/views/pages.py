"""The inbox's page and its pieces: list, thread, or only what a partial request asked for.

Called inside a reading scope. A partial answer is the same template as on the page, so that both always agree.
"""

from dataclasses import replace
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control, patch_vary_headers

from accounts.middleware import WorkspaceRequest
from inbox import marketing, queries, rules
from inbox.models import Conversation
from inbox.timeline import days, first_unread
from inbox.views.composer import Draft, composer
from inbox.views.place import MARKETING, Place


def show_list(request: WorkspaceRequest) -> HttpResponse:
    """The page without a thread, or a piece of the list."""
    seq = queries.seq(request.workspace.pk)
    numbers = queries.numbers(request.workspace.pk)
    place = Place.read(request.GET, numbers)
    context = {"seq": seq, **list_context(request, place, numbers)}
    if request.htmx.target == "rows":
        return answer(request, "inbox/_rows.html", context)
    if request.htmx.target == "list":
        return answer(request, "inbox/_list.html", context)
    return answer(request, "inbox/page.html", context)


def show_thread(
    request: WorkspaceRequest, conversation_id: int, draft: Draft | None = None, *, status: int = 200
) -> HttpResponse:
    """The page with a thread, the thread alone, or the list beside it."""
    seq = queries.seq(request.workspace.pk)
    numbers = queries.numbers(request.workspace.pk)
    conversation = found(request, conversation_id)
    place = Place.read(request.GET, numbers, Place.of(conversation, request.membership))
    context: dict[str, Any] = {"seq": seq, "conversation": conversation, "place": place}
    if request.htmx.target == "list":
        context |= list_context(request, place, numbers)
        return answer(request, "inbox/_list.html", context)
    context |= thread_context(request, conversation, draft or Draft())
    if request.htmx.target == "main":
        return answer(request, "inbox/_opened.html", context, status=status)
    context |= list_context(request, place, numbers)
    return answer(request, "inbox/page.html", context, status=status)


def list_context(request: WorkspaceRequest, place: Place, numbers: list[Any]) -> dict[str, Any]:
    """What the list shows: rows of the place, counts of its number, and the numbers to choose from."""
    counted = queries.counts(request.workspace.pk)
    chosen = counted.get(str(place.number), queries.no_counts()) if place.number else counted["all"]
    return {
        **_rows(request, place),
        "numbers": numbers,
        "number": next((row for row in numbers if row.pk == place.number), None),
        "counts": chosen,
        "mine_count": chosen["holders"].get(str(request.membership.pk), 0),
        "rail_unclaimed": counted["all"]["unclaimed"],
    }


def _rows(request: WorkspaceRequest, place: Place) -> dict[str, Any]:
    """The `page` of rows that stands at the place; under Marketing `group` or `groups` as well."""
    workspace_id = request.workspace.pk
    if place.q:
        return {"place": place, "page": queries.search(place.q, number_id=place.number)}
    if place.tab == MARKETING:
        return _marketing(request, place)
    mine = place.tab == "claimed" and place.owner == "mine"
    page = queries.page(
        workspace_id,
        state=place.tab,
        holder_id=request.membership.pk if mine else None,
        number_id=place.number,
        before=place.before,
    )
    return {"place": place, "page": page}


def _marketing(request: WorkspaceRequest, place: Place) -> dict[str, Any]:
    workspace_id = request.workspace.pk
    if place.broadcast:
        group = marketing.group(workspace_id, place.broadcast)
        if group is not None:
            page = marketing.threads(group.broadcast, number_id=place.number, before=place.before)
            return {"place": place, "group": group, "page": page}
        place = replace(place, broadcast=None, before=None)
    groups = marketing.groups(workspace_id, number_id=place.number, before=place.before)
    return {"place": place, "groups": groups, "page": groups}


def thread_context(request: WorkspaceRequest, conversation: Conversation, draft: Draft) -> dict[str, Any]:
    """What the thread and the panel beside it show."""
    upto = queries.Cursor.parse(request.GET.get("to", ""))
    thread = queries.thread(conversation, upto)
    unread = None if upto else first_unread(thread.items, conversation.unread)
    return {
        "days": days(thread.items, conversation.workspace),
        "older": thread.older,
        "upto": upto,
        "first_unread": unread,
        "labels": queries.labels(conversation.contact_id),
        **controls_context(request, conversation, draft),
    }


def menu_context(request: WorkspaceRequest, conversation: Conversation) -> dict[str, Any]:
    """What the 3-dot menu shows, on a row (?from=row) or in the thread."""
    return {
        "conversation": conversation,
        "verbs": rules.verbs(conversation, request.membership),
        "place": Place.read(
            request.GET, queries.numbers(request.workspace.pk), Place.of(conversation, request.membership)
        ),
        "from_row": "row" in (request.GET.get("from"), request.POST.get("from")),
    }


def controls_context(request: WorkspaceRequest, conversation: Conversation, draft: Draft) -> dict[str, Any]:
    """What depends on who is looking: header, menu, composer; and who held the conversation."""
    return {
        "conversation": conversation,
        "verbs": rules.verbs(conversation, request.membership),
        "is_mine": conversation.holder_id == request.membership.pk,
        "composer": composer(conversation, request.membership, draft),
        "history": queries.history(conversation.pk),
    }


def found(request: WorkspaceRequest, conversation_id: int) -> Conversation:
    """The workspace's conversation, or 404."""
    try:
        return queries.conversation(request.workspace.pk, conversation_id)
    except Conversation.DoesNotExist:
        raise Http404 from None


def answer(
    request: WorkspaceRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Renders. The same URL answers pages and pieces, and all of it is a customer's: no cache may mix or keep it."""
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    patch_cache_control(response, private=True, no_cache=True)
    return response
