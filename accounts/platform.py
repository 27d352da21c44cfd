"""The admin site of the platform's own staff: the one place where a person sees every workspace.

Each request runs in one crossing and leaves one line in the log. Must never talk to Meta.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from accounts.tenancy import crossing

log = structlog.get_logger(__name__)


class PlatformSite(AdminSite):
    """Django's admin site. A wrapper around its views and not a middleware: there, an error would commit."""

    site_header = _("Platform")
    site_title = _("Platform")

    def admin_view(self, view: Callable[..., HttpResponseBase], cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        """Django's guard, then the crossing; only staff get that far."""
        guarded = super().admin_view(view, cacheable)

        @wraps(view)
        def crossed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not self.has_permission(request):
                return self._turn_away(request)
            with crossing():
                response = guarded(request, *args, **kwargs)
                # Rendered here: its querysets are lazy, and outside the crossing they would be empty.
                if isinstance(response, TemplateResponse):
                    response.render()
            log.info(
                "admin.request",
                who=request.user.get_username(),
                method=request.method,
                path=request.path,
                status=response.status_code,
            )
            return response

        return crossed

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The product's own login page, which counts failed attempts."""
        if self.has_permission(request):
            return super().login(request, extra_context)
        return self._turn_away(request)

    def _turn_away(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.get_full_path())
