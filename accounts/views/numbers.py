"""Settings: the phone numbers, their business accounts and whether the connection works."""

from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import actions, checks
from accounts.actions import Refused
from accounts.forms import NumberForm, show_refusal
from accounts.middleware import WorkspaceRequest
from accounts.models import PhoneNumber
from accounts.tenancy import reading, reads
from accounts.views.access import admins_only

ONE_MINUTE = timedelta(minutes=1)


@require_safe
@admins_only
@reads
def numbers(request: WorkspaceRequest) -> HttpResponse:
    """Every number with the state of its connection."""
    rows = list(PhoneNumber.objects.select_related("business_account").order_by("id"))
    return render(request, "accounts/numbers.html", {"numbers": [_with_words(row) for row in rows]})


@require_http_methods(["GET", "POST"])
@admins_only
@never_cache
@sensitive_post_parameters("access_token")
def edit(request: WorkspaceRequest, number_id: int | None = None) -> HttpResponse:
    """Adds a number, or changes one."""
    with reading(request.workspace.pk):
        number = _number(number_id) if number_id else None
    form = NumberForm(request.POST or None, number=number)
    if request.method == "POST" and form.is_valid():
        try:
            actions.save_number(member=request.membership, number_id=number_id, details=form.details())
        except Refused as refused:
            show_refusal(form, refused)
        else:
            messages.success(request, _("The number was saved."))
            return redirect("accounts:numbers", workspace=request.workspace.slug)
    with reading(request.workspace.pk):
        return render(
            request,
            "accounts/number.html",
            {"form": form, "number": number},
            status=422 if form.errors else 200,
        )


@require_http_methods(["GET", "POST"])
@admins_only
@never_cache
def check(request: WorkspaceRequest, number_id: int) -> HttpResponse:
    """POST wishes for a connection check; GET is the card's part that shows how far it is."""
    if request.method == "POST":
        try:
            actions.request_check(member=request.membership, number_id=number_id)
        except PhoneNumber.DoesNotExist as error:
            raise Http404 from error
        except Refused as refused:
            messages.error(request, str(refused.message))
        if not request.htmx:
            return redirect("accounts:numbers", workspace=request.workspace.slug)
    with reading(request.workspace.pk):
        return render(request, "accounts/_check.html", {"number": _with_words(_number(number_id))})


def _number(number_id: int) -> PhoneNumber:
    number = PhoneNumber.objects.select_related("business_account").filter(pk=number_id).first()
    if number is None:
        raise Http404
    return number


def _with_words(number: PhoneNumber) -> PhoneNumber:
    number.check_words = checks.words(number)  # type: ignore[attr-defined]
    number.stopped_words = checks.stopped_words(number)  # type: ignore[attr-defined]
    number.quality_words = checks.quality_words(number)  # type: ignore[attr-defined]
    number.limit_words = checks.limit_words(number)  # type: ignore[attr-defined]
    finished = number.check_finished
    number.just_checked = finished and timezone.now() - finished < ONE_MINUTE  # type: ignore[attr-defined]
    return number
