"""The admin reads what happened; it changes nothing."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from funnel.models import Classification, Move


class ReadOnly(admin.ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Move)
class MoveAdmin(ReadOnly):
    list_display = ("lead", "account", "stage", "from_stage", "entered_at", "by", "actor")
    list_filter = ("stage", "by")
    list_select_related = ("lead", "account", "actor")
    show_full_result_count = False


@admin.register(Classification)
class ClassificationAdmin(ReadOnly):
    list_display = ("moment", "asked", "written", "seconds", "finished_at")
