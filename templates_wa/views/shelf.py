"""The list of templates, one template, and the wish for a newer copy. Everybody in the workspace may look and ask."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import trigger_client_event

from accounts.middleware import WorkspaceRequest
from accounts.tenancy import reading, reads
from templates_wa import actions, queries, wording
from templates_wa.actions import asking
from templates_wa.definition import definition, shown
from templates_wa.drafting import buildable
from templates_wa.models import Sync, Template


@require_safe
@reads
def listed(request: WorkspaceRequest) -> HttpResponse:
    """All templates, by state and by name."""
    group = request.GET.get("status", "all")
    words = request.GET.get("q", "")[:100]
    counts = queries.counts()
    context = {
        "page": queries.page(group=group, words=words, after=request.GET.get("after", "")[:700]),
        "groups": [(key, label, counts[key]) for key, label in queries.GROUPS.items()],
        "group": group if group in queries.GROUPS else "all",
        "q": words,
        **_syncs(),
    }
    return render(request, "templates_wa/list.html", context)


@require_safe
@reads
def detail(request: WorkspaceRequest, template_id: int) -> HttpResponse:
    """One template: what the customer sees, what it asks for, how it stands with WhatsApp."""
    template = find(template_id)
    made = definition(template)
    examples = {slot.key: slot.example for slot in made.slots if slot.example}
    context = {
        "template": template,
        "made": made,
        "shown": shown(made, examples),
        "why_not": wording.why_not(template, made),
        "may_submit": asking.may_submit(request.membership),
        "may_edit": template.status in asking.EDITABLE and buildable(template) is not None,
        "others": Template.objects.filter(account_id=template.account_id, name=template.name, gone=None)
        .exclude(pk=template.pk)
        .order_by("language"),
    }
    return render(request, "templates_wa/template.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
def sync(request: WorkspaceRequest) -> HttpResponse:
    """POST wishes for a newer copy; GET is the page's part that shows how far it is."""
    if request.method == "POST":
        try:
            actions.request_sync(member=request.membership)
        except actions.Refused as refused:
            messages.error(request, str(refused.message))
    if not request.htmx:
        return redirect("templates_wa:list", workspace=request.workspace.slug)
    with reading(request.workspace.pk):
        context = _syncs()
        answer = render(request, "templates_wa/_sync.html", context)
    return answer if context["waiting"] else trigger_client_event(answer, "synced")


def find(template_id: int) -> Template:
    """The template, in the scope that is open. Raises Http404."""
    template = Template.objects.select_related("account").filter(pk=template_id).first()
    if template is None:
        raise Http404
    return template


def _syncs() -> dict[str, Any]:
    syncs = queries.syncs()
    return {"syncs": syncs, "waiting": any(sync.state == Sync.State.WAITING for sync in syncs)}
