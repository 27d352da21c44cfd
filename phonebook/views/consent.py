"""The workspace's rules about marketing: whom it may go to, and with which words customers start and stop it."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.forms import show_refusal
from accounts.middleware import WorkspaceRequest
from accounts.tenancy import reading
from accounts.views.access import admins_only
from phonebook import actions, queries
from phonebook.actions import Refused
from phonebook.forms import KeywordForm, RuleForm
from phonebook.keywords import BUILT_IN, WRITTEN
from phonebook.models import Keyword, Marketing
from phonebook.views.contacts import answer

UNPROCESSABLE = 422


@require_safe
@admins_only
@never_cache
def settings(request: WorkspaceRequest) -> HttpResponse:
    """The rule, the workspace's words, and the built-in ones."""
    return _page(request)


@require_POST
@admins_only
def rule(request: WorkspaceRequest) -> HttpResponse:
    """Decides whether marketing needs an opt-in."""
    form = RuleForm(request.POST)
    if not form.is_valid():
        return _page(request, rule_form=form, status=UNPROCESSABLE)
    actions.set_opt_in_rule(member=request.membership, needs_opt_in=form.cleaned_data["needs_opt_in"])
    return _done(request, _("The rule was saved. It holds from the next message on."))


@require_POST
@admins_only
def set_keyword(request: WorkspaceRequest) -> HttpResponse:
    """Says what a word means; switching a built-in one off is the same."""
    form = KeywordForm(request.POST)
    if form.is_valid():
        try:
            word = actions.set_keyword(member=request.membership, **form.cleaned_data)
        except Refused as refused:
            show_refusal(form, refused)
        else:
            return _done(request, _("The keyword “%(word)s” was saved.") % {"word": word})
    return _page(request, form=form, status=UNPROCESSABLE)


@require_POST
@admins_only
def remove_keyword(request: WorkspaceRequest, keyword_id: int) -> HttpResponse:
    """Takes a word of the workspace back."""
    try:
        word = actions.remove_keyword(member=request.membership, keyword_id=keyword_id)
    except Keyword.DoesNotExist:
        raise Http404 from None
    return _done(request, _("The keyword “%(word)s” was removed.") % {"word": word})


def _page(
    request: WorkspaceRequest,
    *,
    form: KeywordForm | None = None,
    rule_form: RuleForm | None = None,
    status: int = 200,
) -> HttpResponse:
    needs = "yes" if request.workspace.marketing_needs_opt_in else "no"
    with reading(request.workspace.pk):
        own = queries.keywords(request.workspace.pk)
        overridden = {keyword.word for keyword in own}
        groups = [
            (
                choice.label,
                sorted((WRITTEN[word], word) for word, means in BUILT_IN.items() if means == choice),
            )
            for choice in (Marketing.OPTED_OUT, Marketing.OPTED_IN)
        ]
        context = {
            "form": form or KeywordForm(),
            "rule_form": rule_form or RuleForm(initial={"needs_opt_in": needs}),
            "own": own,
            "overridden": overridden,
            "groups": groups,
        }
        return answer(request, "phonebook/consent_settings.html", context, status=status)


def _done(request: WorkspaceRequest, words: str) -> HttpResponse:
    messages.success(request, words)
    return redirect("phonebook:consent_settings", workspace=request.workspace.slug)
