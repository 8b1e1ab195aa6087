"""The back office, for those who hold every right, behind the ordinary sign-in with its limits and second factor."""

from typing import Any, cast

import allauth.account.admin
import allauth.mfa.admin  # noqa: F401
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from team import actions
from team.accounts.views import describe_wait
from team.models import AccountChange, ApiToken, Calendar, Company, Territory, User

admin.site.site_header = admin.site.site_title = "Accord back office"
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


for model in (EmailAddress, Authenticator):  # with them an owner could sign in as another person
    admin.site.unregister(model)


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    """People; what decides who can act as a person goes the way of the pages, with the consent that it needs."""

    list_display = ["name", "email", "role", "territory", "manager", "is_active", "last_login"]
    list_filter = ["role", "is_active", "territory"]
    list_select_related = ["territory", "manager"]
    search_fields = ["name", "email"]
    autocomplete_fields = ["manager", "territory"]
    exclude = ["password", "groups", "user_permissions"]
    readonly_fields = ["last_login", "date_joined"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # people are added under People, where they are invited

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # people are deactivated: what they signed stays theirs

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect(request.path)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        fields = {name: form.cleaned_data[name] for name in form.changed_data}
        person = User.objects.get(pk=obj.pk)
        waiting = actions.change_account(by=cast(User, request.user), person=person, **fields)
        if waiting:
            messages.warning(request, describe_wait(waiting))


@admin.register(AccountChange)
class AccountChangeAdmin(admin.ModelAdmin):
    """The history of accounts, to be read."""

    list_display = ["changed_at", "person", "field", "old", "new", "by", "via"]
    list_select_related = ["person", "by"]
    list_filter = ["field"]
    search_fields = ["person__name", "person__email"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


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

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """A token that has ended stays ended."""
        return super().has_change_permission(request, obj) and not (obj and obj.revoked_at)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
