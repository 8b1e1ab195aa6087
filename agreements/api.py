"""Agreements over HTTP: the same actions and the same rights as on the screens."""

from typing import Any, cast

import django_filters as filters
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from agreements import actions, kinds, queries
from agreements.models import Agreement, Decision, Dispute, Entry, Signature, Version
from core.api.fields import Terms, Words, errors_as_responses, read_body
from core.api.views import ReadOnly
from team.models import Side, User

STATES = ["draft", "proposed", "disputed", "in_force", "expired", "superseded", "rejected", "withdrawn", "ended"]
THIRD = [(side.value, side.label) for side in (Side.SUPPORT, Side.FINANCE)]


class AgreementSerializer(serializers.ModelSerializer[Agreement]):
    in_force = serializers.SerializerMethodField(help_text="The company's active version today; null if there is none.")

    class Meta:
        model = Agreement
        fields = ("id", "kind", "key", "title", "third_side", "in_force", "created_at")

    @extend_schema_field({"type": "integer", "nullable": True})
    def get_in_force(self, agreement: Agreement) -> int | None:
        in_force = [v for v in agreement.versions.all() if v.state == "in_force" and v.pilot_manager_id is None]
        return in_force[0].pk if in_force else None


class SignatureSerializer(serializers.ModelSerializer[Signature]):
    class Meta:
        model = Signature
        fields = ("side", "signed_by", "signed_at")


class DisputeSerializer(serializers.ModelSerializer[Dispute]):
    class Meta:
        model = Dispute
        fields = (
            "side",
            "raised_by",
            "raised_at",
            "reason",
            "arbiter",
            "decide_by",
            "decision",
            "ruling",
            "decided_at",
        )


class VersionSerializer(serializers.ModelSerializer[Version]):
    state = serializers.ChoiceField(choices=STATES, read_only=True)
    is_stale = serializers.BooleanField(read_only=True, help_text="It is active although its review date has passed.")
    unsigned = serializers.ListField(child=serializers.CharField(), read_only=True)
    terms = Terms(read_only=True)
    in_words = serializers.SerializerMethodField(help_text="The terms, a sentence each.")
    signatures = SignatureSerializer(many=True, read_only=True)
    disputes = DisputeSerializer(many=True, read_only=True)

    class Meta:
        model = Version
        fields = (
            "id", "agreement", "number", "state", "text", "terms", "in_words", "reason", "drafted_by", "drafted_at",
            "proposed_by", "proposed_at", "in_force_at", "ended_at", "expires_on", "review_on", "is_stale", "pilot_manager", "unsigned", "signatures",
            "disputes",
        )  # fmt: skip

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_in_words(self, version: Version) -> list[str]:
        return kinds.get_kind(version.agreement.kind).in_words(version.terms)


class EntrySerializer(serializers.ModelSerializer[Entry]):
    class Meta:
        model = Entry
        fields = ("verb", "actor", "words", "version", "written_at")


class NewVersionSerializer(serializers.Serializer[Any]):
    """A version to be proposed: of an agreement that is there, by kind and key, or of a new one."""

    kind = Words(max_length=40)
    key = Words(max_length=120)
    title = Words(max_length=200, required=False, help_text="Of a new agreement.")
    third_side = serializers.ChoiceField(choices=THIRD, required=False, help_text="Of a new agreement.")
    text = Words(max_length=20_000)
    terms = Terms(required=False)
    reason = Words(max_length=5000, required=False, allow_blank=True)
    expires_on = serializers.DateField(required=False, help_text="The last day on which it is active.")
    review_on = serializers.DateField(required=False, help_text="The day of the next review; it is stale after it.")
    is_draft = serializers.BooleanField(required=False, help_text="Save it as a draft, to propose later.")


class DisputingSerializer(serializers.Serializer[Any]):
    reason = Words(max_length=5000)
    decide_by = serializers.DateField(required=False, help_text="Default: two weeks from now.")


class DecidingSerializer(serializers.Serializer[Any]):
    decision = serializers.ChoiceField(choices=Decision.choices)
    ruling = Words(max_length=5000)


class AgreementFilter(filters.FilterSet):
    kind = filters.CharFilter(max_length=40)
    key = filters.CharFilter(max_length=120)


class VersionFilter(filters.FilterSet):
    agreement = filters.NumberFilter(field_name="agreement_id", min_value=1, max_value=2**31 - 1, decimal_places=0)
    kind = filters.CharFilter(field_name="agreement__kind", max_length=40)


class AgreementView(ReadOnly):
    queryset = Agreement.objects.prefetch_related("versions__signatures", "versions__disputes")
    serializer_class = AgreementSerializer
    filterset_class = AgreementFilter

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().visible_to(cast(User, self.request.user))  # type: ignore[attr-defined, no-any-return]

    @extend_schema(responses=EntrySerializer(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def story(self, request: Request, pk: int) -> Response:
        """Tell who did what on the agreement, from its first draft on, and what changed about the accounts of its people."""
        agreement = get_object_or_404(self.get_queryset(), pk=pk)
        return Response(EntrySerializer(queries.history_entries(agreement, cast(User, request.user)), many=True).data)


class VersionView(ReadOnly):
    queryset = Version.objects.select_related("agreement").prefetch_related("signatures", "disputes")
    serializer_class = VersionSerializer
    filterset_class = VersionFilter

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().visible_to(cast(User, self.request.user))  # type: ignore[attr-defined, no-any-return]

    @extend_schema(request=NewVersionSerializer, responses={201: VersionSerializer})
    def create(self, request: Request) -> Response:
        """Propose a version, or draft one. A signatory who proposes signs for their side; by a token it is proposed unsigned."""
        entered, user = read_body(NewVersionSerializer, request.data), cast(User, request.user)
        terms = checked_terms(entered["kind"], entered.get("terms") or {})
        with errors_as_responses(), transaction.atomic():
            drafted = actions.draft_version(
                by=user, kind=entered["kind"], key=entered["key"], title=entered.get("title", ""), text=entered["text"], terms=terms,
                third_side=entered.get("third_side", ""), reason=entered.get("reason", ""), expires_on=entered.get("expires_on"), review_on=entered.get("review_on"),
            )  # fmt: skip
            version = drafted if entered.get("is_draft") else actions.propose_version(by=user, version=drafted)
        return self._shown(version, status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=VersionSerializer)
    @action(detail=True, methods=["post"])
    def propose(self, request: Request, pk: int) -> Response:
        """Show a draft to both sides, in the name of the side it was drafted for."""
        with errors_as_responses():
            return self._shown(actions.propose_version(by=cast(User, request.user), version=self._found(pk)))

    @extend_schema(request=None, responses=VersionSerializer)
    @action(detail=True, methods=["post"])
    def sign(self, request: Request, pk: int) -> Response:
        """Give the signature of one's own side; the last one brings the version into force.

        It asks for a session in which the password or the second factor was entered again within the last 15
        minutes, as disputing and deciding do. An API token cannot sign.
        """
        with errors_as_responses():
            return self._shown(actions.sign_version(by=cast(User, request.user), version=self._found(pk)))

    @extend_schema(request=DisputingSerializer, responses=VersionSerializer)
    @action(detail=True, methods=["post"])
    def dispute(self, request: Request, pk: int) -> Response:
        """Say no, and why; the arbiter decides before a day."""
        entered, version = read_body(DisputingSerializer, request.data), self._found(pk)
        with errors_as_responses():
            actions.dispute_version(by=cast(User, request.user), version=version, **entered)
        return self._shown(version)

    @extend_schema(request=DecidingSerializer, responses=VersionSerializer)
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: int) -> Response:
        """Give the arbiter's ruling on the open dispute."""
        entered, version = read_body(DecidingSerializer, request.data), self._found(pk)
        dispute = version.disputes.filter(decided_at=None).first()
        with errors_as_responses():
            if dispute is None:
                raise ValidationError("This version is not disputed.")
            actions.decide_dispute(by=cast(User, request.user), dispute=dispute, **entered)
        return self._shown(version)

    @extend_schema(request=None, responses=VersionSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: int) -> Response:
        """Withdraw a proposal of the user or their side before it is active."""
        with errors_as_responses():
            return self._shown(actions.withdraw_version(by=cast(User, request.user), version=self._found(pk)))

    def _found(self, pk: int) -> Version:
        return cast(Version, get_object_or_404(self.get_queryset(), pk=pk))

    def _shown(self, version: Version, code: int = status.HTTP_200_OK) -> Response:
        fresh = self._all().get(pk=version.pk)
        return Response(VersionSerializer(fresh).data, status=code)

    def _all(self) -> QuerySet[Any]:
        return self.get_queryset()


def checked_terms(key: str, terms: dict[str, Any]) -> dict[str, Any]:
    """Check terms by the form of their kind, as the screens do.

    Raises:
        rest_framework.exceptions.ValidationError: no such kind, or what is wrong with which term.
    """
    kind = next((declared for declared in kinds.all_kinds() if declared.key == key), None)
    if kind is None:
        keys = ", ".join(declared.key for declared in kinds.all_kinds())
        raise serializers.ValidationError({"kind": f"This kind of agreement does not exist. Use one of: {keys}."})
    unknown = sorted(set(terms) - set(kind.form.base_fields))
    if unknown:
        raise serializers.ValidationError({"terms": f"No such terms: {', '.join(unknown)}."})
    try:
        form = kind.form(kind.form.initial_from(terms))
        is_valid = form.is_valid()
    except (TypeError, ValueError, AttributeError, KeyError):
        raise serializers.ValidationError({"terms": "The terms do not have the form of their kind."}) from None
    if not is_valid:
        faults = [f"{name}: {fault}" for name, messages in form.errors.items() for fault in messages]
        raise serializers.ValidationError({"terms": faults})
    return form.terms()


AGREEMENT_VIEWS: dict[str, type[ReadOnly]] = {"agreements": AgreementView, "versions": VersionView}
