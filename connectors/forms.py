"""What people write about a connector. What is secret goes in and never comes out again."""

from collections.abc import Mapping
from typing import Any

from django import forms

from connectors.actions import filled_in
from connectors.allowed_hosts import ForbiddenAddress, allowed_base_url
from connectors.connector_type import ConnectorType, CredentialField, SignInMethod
from connectors.models import Connector
from core.encryption import Unsealable
from team.forms import check_cron

RHYTHMS = {
    "7 * * * *": "Every hour",
    "*/15 * * * *": "Every quarter of an hour",
    "7 */6 * * *": "Every six hours",
    "30 1 * * *": "Every night at 01:30",
}
BY_CRON = ""
PLAIN = {"autocomplete": "off", "spellcheck": "false"}


class ConnectorForm(forms.Form):
    """One source signed in to in one way; its credentials are the ones of that way."""

    name = forms.CharField(max_length=80)
    base_url = forms.CharField(label="Address", max_length=255, widget=forms.URLInput(attrs=PLAIN))
    kinds = forms.MultipleChoiceField(
        label="What is pulled", widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
    )  # fmt: skip
    rhythm = forms.ChoiceField(
        label="How often", required=False, choices=[*RHYTHMS.items(), (BY_CRON, "Other schedule (cron expression)")]
    )
    cron = forms.CharField(
        label="Cron line", required=False, max_length=40, widget=forms.TextInput(attrs=PLAIN),
        help_text="Minute, hour, day, month, weekday, in the company’s time zone. If filled in, it replaces the choice above.",
    )  # fmt: skip

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        connector_type: ConnectorType,
        method: SignInMethod,
        connector: Connector | None = None,
    ) -> None:
        self.connector_type, self.method, self.connector = connector_type, method, connector
        self.kept = _stored_credentials(connector, method)
        super().__init__(data, initial=_initial_values(connector_type, connector))
        self.fields["kinds"].choices = list(connector_type.objects.items())  # type: ignore[attr-defined]
        self.fields["name"].help_text = f"What you call it, like “{connector_type.title} Europe”."
        self.fields["base_url"].help_text = f"Like {connector_type.example_url}."
        for credential in method.credentials:
            self.fields[credential.name] = _credential_field(credential, self.kept.get(credential.name))
        order = ["name", "base_url", *(credential.name for credential in method.credentials), "kinds", "rhythm", "cron"]
        self.order_fields(order)

    def clean_base_url(self) -> str:
        try:
            return allowed_base_url(self.connector_type.source, self.cleaned_data["base_url"])
        except ForbiddenAddress as error:
            raise forms.ValidationError(str(error)) from None

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        if any(other != self.connector for other in Connector.objects.filter(name__iexact=name)):
            raise forms.ValidationError("Another connector has this name. Choose another.")
        return name

    def clean_cron(self) -> str:
        line = " ".join(str(self.cleaned_data["cron"]).split())
        if line:
            check_cron(line)
        return line

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("cron") and not cleaned.get("rhythm") and "cron" not in self.errors:
            self.add_error("cron", "Enter a cron expression or choose how often.")
        if self.connector is None and Connector.objects.filter(source=self.connector_type.source).exists():
            self.add_error(None, ONE_PER_SOURCE.format(title=self.connector_type.title))
        return cleaned

    def credentials(self) -> dict[str, str]:
        """Return what to sign in with: what was written now, and what is kept where nothing was."""
        written = {
            credential.name: str(self.cleaned_data.get(credential.name) or "").strip()
            for credential in self.method.credentials
        }
        return {name: word or self.kept.get(name, "") for name, word in written.items()}

    def connector_fields(self) -> dict[str, Any]:
        """Return the connector's fields as the actions take them."""
        plain = {name: self.cleaned_data[name] for name in ("name", "base_url", "kinds")}
        schedule = self.cleaned_data["cron"] or self.cleaned_data["rhythm"]
        return {**plain, "schedule": schedule, "method": self.method.key}

    @property
    def has_new_sign_in(self) -> bool:
        """Tell whether something else than what is kept was written."""
        return self.credentials() != {
            credential.name: self.kept.get(credential.name, "") for credential in self.method.credentials
        }


ONE_PER_SOURCE = "Accord already pulls from {title}. Each source can have one connector, because two accounts may use the same id for different records."


def _stored_credentials(connector: Connector | None, method: SignInMethod) -> Mapping[str, str]:
    """Return what is kept under seal for this way of signing in; nothing when it is another way, or cannot be opened."""
    if connector is None or connector.method != method.key:
        return {}
    try:
        return filled_in(connector)
    except Unsealable:
        return {}


def _initial_values(connector_type: ConnectorType, connector: Connector | None) -> dict[str, Any]:
    if connector is None:
        return {
            "name": connector_type.title,
            "base_url": connector_type.base_url,
            "kinds": list(connector_type.objects),
            "rhythm": next(iter(RHYTHMS)),
        }
    is_usual = connector.schedule in RHYTHMS
    return {
        "name": connector.name,
        "base_url": connector.base_url,
        "kinds": connector.kinds,
        "rhythm": connector.schedule if is_usual else BY_CRON,
        "cron": "" if is_usual else connector.schedule,
    }


def _credential_field(credential: CredentialField, stored: str | None) -> forms.Field:
    """A secret that is kept may stay empty; it is not shown, not even as dots of the right number."""
    widget: forms.Widget = forms.TextInput(attrs=PLAIN)
    if credential.is_long:
        widget = SecretArea(attrs={**PLAIN, "rows": 6})
    elif credential.is_secret:
        widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    hint = "Stored. Leave empty to keep it." if stored and credential.is_secret else credential.hint
    field = forms.CharField(
        label=credential.label, help_text=hint, strip=True, max_length=10_000,
        required=not (credential.is_optional or (stored and credential.is_secret)), widget=widget,
    )  # fmt: skip
    if stored and not credential.is_secret:
        field.initial = stored
    return field


class SecretArea(forms.Textarea):
    """A long secret: like a password, it is never written back into the page."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return super().get_context(name, None, attrs)
