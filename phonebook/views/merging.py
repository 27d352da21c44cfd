"""Merging two contacts that are one person: find the other one, compare, choose which is kept."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.middleware import WorkspaceRequest
from accounts.tenancy import reading
from phonebook import actions, queries
from phonebook.actions import Refused
from phonebook.models import Contact
from phonebook.queries import Filter
from phonebook.views.access import senders_only
from phonebook.views.contacts import answer, found

CANDIDATES_AT_MOST = 10
UNPROCESSABLE = 422


@require_http_methods(["GET", "POST"])
@senders_only
@never_cache
def merge(request: WorkspaceRequest, contact_id: int) -> HttpResponse:
    """GET finds (?q=) and compares (?with=); POST merges `with` and this one into `keep`."""
    if request.method == "GET":
        return _compare(request, contact_id)
    with reading(request.workspace.pk):
        here, other = _present(request, contact_id), _other(request, request.POST.get("with", ""))
    keep = request.POST.get("keep", "")
    if other is None or keep not in {str(here.pk), str(other.pk)}:
        return _compare(request, contact_id, error=_("Choose which of the two is kept."))
    winner, loser = (here, other) if keep == str(here.pk) else (other, here)
    try:
        kept = actions.merge(member=request.membership, winner_id=winner.pk, loser_id=loser.pk)
    except Contact.DoesNotExist:
        raise Http404 from None
    except Refused as refused:
        return _compare(request, contact_id, error=str(refused.message))
    messages.success(request, _("The two contacts are one now."))
    return redirect("phonebook:contact", workspace=request.workspace.slug, contact_id=kept.pk)


def _compare(request: WorkspaceRequest, contact_id: int, error: str = "") -> HttpResponse:
    asked = request.POST if request.method == "POST" else request.GET
    with reading(request.workspace.pk):
        contact = _present(request, contact_id)
        other = _other(request, asked.get("with", ""))
        if other is not None and other.pk != contact.pk:
            both = [(each, queries.known(each)) for each in (contact, other)]
            context = {"contact": contact, "other": other, "both": both, "error": error}
            return answer(request, "phonebook/merge.html", context, status=UNPROCESSABLE if error else 200)
        context = {"contact": contact, "error": error, **_candidates(request, contact, asked.get("q", ""))}
        return answer(request, "phonebook/merge_find.html", context, status=UNPROCESSABLE if error else 200)


def _candidates(request: WorkspaceRequest, contact: Contact, words: str) -> dict[str, object]:
    words = words.strip()
    if words:
        page = queries.page(request.workspace.pk, Filter(q=words))
        rows = [row for row in page.rows if row.contact.pk != contact.pk]
    else:
        twin = queries.twin(contact)
        rows = queries.rows([twin]) if twin else []
    return {"q": words, "rows": rows[:CANDIDATES_AT_MOST]}


def _present(request: WorkspaceRequest, contact_id: int) -> Contact:
    contact = found(request, contact_id)
    if contact.merged_into_id:
        raise Http404
    return contact


def _other(request: WorkspaceRequest, text: str) -> Contact | None:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        return None
    return _present(request, int(text))
