"""What platform staff see of webhooks: each POST as it came, and what became of its items. Read-only."""

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import connection
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from webhooks.models import Delivery

SHOWN_CHARACTERS = 20_000


class EstimatingPaginator(Paginator):  # type: ignore[type-arg]
    """Asks PostgreSQL's statistics how many rows there are: counting millions would take longer than reading them."""

    @cached_property
    def count(self) -> int:
        """About as many as there are; 0 before the table was ever analysed shows one page."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'webhooks_delivery'::regclass"
            )
            row = cursor.fetchone()
        return max(int(row[0]), self.per_page)


@admin.register(Delivery)
class DeliveryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("id", "received", "drained")
    ordering = ("-id",)
    list_per_page = 50
    paginator = EstimatingPaginator
    show_full_result_count = False
    fields = ("received", "drained", "items", "raw")
    readonly_fields = ("items", "raw")

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    @admin.display(description=_("items"))
    def items(self, delivery: Delivery) -> SafeString:
        """One line per event: Django's admin cannot show rows with a composite key by themselves."""
        rows = delivery.events.order_by("position").values_list(
            "position", "kind", "state", "reason", "wamid"
        )
        return format_html_join("", "<p>{}. {}: {} {} <code>{}</code></p>", rows)

    @admin.display(description=_("body"))
    def raw(self, delivery: Delivery) -> str:
        """The bytes as they came, as far as they are text."""
        return bytes(delivery.body).decode("utf-8", "replace")[:SHOWN_CHARACTERS]
