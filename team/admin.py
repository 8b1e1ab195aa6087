"""The back office, for those who hold every right. Its door is the ordinary sign-in, with its limits and second factor."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest

from team import actions
from team.models import ApiToken, Calendar, Company, Territory, User

admin.site.site_header = admin.site.site_title = "Accord back office"
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    list_display = ["name", "email", "role", "territory", "manager", "is_active", "last_login"]
    list_filter = ["role", "is_active", "territory"]
    list_select_related = ["territory", "manager"]
    search_fields = ["name", "email"]
    autocomplete_fields = ["manager", "territory"]
    exclude = ["password", "groups", "user_permissions"]
    readonly_fields = ["last_login", "date_joined"]

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        before = User.objects.get(pk=obj.pk) if change else obj
        obj.email = obj.email.lower()
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        actions.follow_up(before, obj)


@admin.register(Company)
class CompanyAdmin(admin.ModelAdmin):
    list_display = ["name", "currency", "time_zone", "visibility", "achievement"]
    readonly_fields = ["claimed_at", "is_demo"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Territory)
class TerritoryAdmin(admin.ModelAdmin):
    list_display = ["name", "parent"]
    list_select_related = ["parent"]
    search_fields = ["name"]
    autocomplete_fields = ["parent"]


@admin.register(Calendar)
class CalendarAdmin(admin.ModelAdmin):
    list_display = ["name", "time_zone", "country", "region"]
    search_fields = ["name"]


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):
    """Tokens can be looked at and revoked; their secrets are nowhere, so none is made here."""

    list_display = ["name", "owner", "hint", "created_at", "expires_at", "last_used_at", "revoked_at"]
    list_select_related = ["owner"]
    search_fields = ["name", "owner__name", "owner__email"]
    fields = ["owner", "name", "hint", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at"]
    readonly_fields = ["owner", "name", "hint", "scopes", "created_at", "expires_at", "last_used_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
