"""Detectors over HTTP: how each is set and stands, those of the company's own, and trials on the past."""

from typing import Any, cast

from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from alarms import actions
from alarms.context import open_context
from alarms.judges import Watch
from alarms.models import WORSE, DetectorSetup, RuleKind
from alarms.past import Trial, try_on_past
from alarms.permissions import SET_DETECTOR
from alarms.queries import DetectorRow, read_inventory
from alarms.registry import SECTIONS, UnknownDetector
from alarms.setups import build_own, get_watch
from alarms.trials import count_tests
from alarms.visibility import may_read_figures
from core.api.fields import Whole, Words, errors_as_responses, read_body
from core.api.views import ApiResponseMixin, refuse_strange_parameters
from kpis.registry import BadCut, UnknownMetric, get_metric
from team.models import User


class DetectorSerializer(serializers.Serializer[Any]):
    """A detector: what it looks for, how it is set, how it stands, and how its alarms were closed."""

    key = serializers.CharField(source="watch.detector.key")
    name = serializers.CharField(source="watch.detector.name")
    looks_for = serializers.CharField(source="watch.detector.looks_for")
    section = serializers.ChoiceField(choices=SECTIONS, source="watch.detector.section")
    metric = serializers.CharField(source="watch.detector.metric", allow_blank=True)
    where = serializers.DictField(child=serializers.CharField(), source="watch.detector.where")
    remedy = serializers.CharField(source="watch.detector.remedy")
    owner_role = serializers.CharField(source="watch.detector.owner")
    is_own = serializers.BooleanField(source="watch.detector.can_be_edited", help_text="Made by the company.")
    is_test = serializers.BooleanField(source="watch.detector.is_test", help_text="Chance alone can raise it.")
    is_on = serializers.BooleanField(source="watch.is_on")
    owner = serializers.IntegerField(source="watch.setup.owner_id", default=None, allow_null=True)
    limit = serializers.FloatField(source="watch.setup.limit", default=None, allow_null=True)
    strictness = serializers.ChoiceField(choices=DetectorSetup.Strictness.choices, source="watch.strictness")
    condition = serializers.CharField(source="state.condition", default="")
    judged_as_of = serializers.DateField(source="state.bucket", default=None, allow_null=True)
    opened = serializers.IntegerField(source="record.opened", help_text="Alarms that it has opened.")
    closed = serializers.IntegerField(source="record.closed")
    real = serializers.IntegerField(source="record.real", help_text="Of the closed ones.")


class OwnDetectorSerializer(serializers.Serializer[Any]):
    """A detector of the company's own. Rates and changes are fractions."""

    name = Words(max_length=120)
    metric = Words(max_length=80)
    where = serializers.DictField(child=Words(max_length=200), required=False, help_text="Filters by dimension.")
    rule = serializers.ChoiceField(choices=RuleKind.choices)
    bad = serializers.ChoiceField(choices=WORSE, help_text="Which way is worse.")
    limit = serializers.DecimalField(max_digits=18, decimal_places=6, required=False, help_text="For a limit.")
    days = Whole(min_value=1, max_value=730, required=False, help_text="For a limit: the window, 90 by default.")
    minimum_n = Whole(min_value=0, max_value=1_000_000, required=False, help_text="20 by default.")
    relative_floor = serializers.DecimalField(
        max_digits=6, decimal_places=4, required=False, help_text="The smallest change that counts, 0.15 by default."
    )
    remedy = Words(max_length=500, required=False)
    owner = Whole(min_value=1, max_value=2**63 - 1, required=False, help_text="The id of an active person.")


class DetectorChangeSerializer(serializers.Serializer[Any]):
    """What may be changed of a detector; name and remedy only of one of your own."""

    is_on = serializers.BooleanField(required=False)
    owner = Whole(min_value=1, max_value=2**63 - 1, required=False, allow_null=True)
    limit = serializers.DecimalField(max_digits=18, decimal_places=6, required=False, allow_null=True)
    strictness = serializers.ChoiceField(choices=DetectorSetup.Strictness.choices, required=False)
    name = Words(max_length=120, required=False)
    remedy = Words(max_length=500, required=False)


class DetectorTrialAlarmSerializer(serializers.Serializer[Any]):
    opened_on = serializers.DateField()
    ended_on = serializers.DateField(allow_null=True)
    value = serializers.FloatField(allow_null=True)
    expected = serializers.FloatField(allow_null=True)
    cost = serializers.DecimalField(
        max_digits=18, decimal_places=2, source="cost.middle", default=None, allow_null=True
    )


class DetectorTrialSerializer(serializers.Serializer[Any]):
    """What a detector would have done in the last year."""

    judged = serializers.IntegerField(help_text="Weeks or days that could be judged.")
    alarms = DetectorTrialAlarmSerializer(many=True)
    reason = serializers.CharField(allow_blank=True, help_text="Why nothing could be judged.")
    weeks_to_find = serializers.FloatField(allow_null=True, help_text="Until a change by 30 % shows at this volume.")
    cases_a_week = serializers.FloatField()


class DetectorViewSet(ApiResponseMixin, ViewSet):
    """What Accord watches, and what the company has set about it."""

    lookup_field = "key"
    lookup_value_converter = "slug"

    @extend_schema(operation_id="detectors_list", responses=DetectorSerializer(many=True))
    def list(self, request: Request) -> Response:
        """List every detector with its state."""
        refuse_strange_parameters(request, set())
        return Response(DetectorSerializer(read_inventory(), many=True).data)

    @extend_schema(operation_id="detectors_retrieve", responses=DetectorSerializer)
    def retrieve(self, request: Request, key: str) -> Response:
        """Return one detector with its state."""
        refuse_strange_parameters(request, set())
        return _respond(key)

    @extend_schema(operation_id="detectors_create", request=OwnDetectorSerializer, responses={201: DetectorSerializer})
    def create(self, request: Request) -> Response:
        """Make a detector of the company's own on any metric."""
        user = cast(User, request.user)
        with errors_as_responses():
            SET_DETECTOR.require(user)
            setup = actions.make_detector(user=user, **_read_own(request))
        return _respond(setup.key, status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="detectors_partial_update", request=DetectorChangeSerializer, responses=DetectorSerializer
    )
    def partial_update(self, request: Request, key: str) -> Response:
        """Change what is set about a detector."""
        user, watch = cast(User, request.user), _watch_or_404(key)
        with errors_as_responses():
            SET_DETECTOR.require(user)
            entered = _with_owner(read_body(DetectorChangeSerializer, request.data))
            actions.set_detector(detector=watch.detector, user=user, **entered)
        return _respond(key)

    @extend_schema(operation_id="detectors_destroy", responses={204: None})
    def destroy(self, request: Request, key: str) -> Response:
        """Delete a detector of the company's own; its alarms stay."""
        user, watch = cast(User, request.user), _watch_or_404(key)
        with errors_as_responses():
            SET_DETECTOR.require(user)
            actions.delete_detector(setup=watch.setup or DetectorSetup(key=key), user=user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(operation_id="detectors_trial", request=OwnDetectorSerializer, responses=DetectorTrialSerializer)
    @action(detail=False, methods=["post"])
    def trial(self, request: Request) -> Response:
        """Try a detector on the last year without saving it."""
        user = cast(User, request.user)
        with errors_as_responses():
            SET_DETECTOR.require(user)
            setup = actions.build_setup(user=user, **_read_own(request))
        own = build_own(setup)
        assert own
        return Response(DetectorTrialSerializer(_try(Watch(own, setup))).data)

    @extend_schema(operation_id="detectors_past", responses=DetectorTrialSerializer)
    @action(detail=True)
    def past(self, request: Request, key: str) -> Response:
        """Return what a detector would have done in the last year, as it is set."""
        refuse_strange_parameters(request, set())
        watch = _watch_or_404(key)
        owner = watch.setup.owner_id if watch.setup else None
        if not may_read_figures(cast(User, request.user), watch.detector.where, [owner]):
            raise NotFound("This record does not exist, or you do not have permission to see it.")
        return Response(DetectorTrialSerializer(_try(watch)).data)


def _try(watch: Watch) -> Trial:
    return try_on_past(open_context(), watch, tests=count_tests(watch))


def _watch_or_404(key: str) -> Watch:
    try:
        return get_watch(key)
    except UnknownDetector as error:
        raise NotFound(str(error)) from None


def _respond(key: str, code: int = status.HTTP_200_OK) -> Response:
    row: DetectorRow | None = next((row for row in read_inventory() if row.watch.detector.key == key), None)
    if row is None:
        raise NotFound(f"The detector “{key}” does not exist.")
    return Response(DetectorSerializer(row).data, status=code)


def _read_own(request: Request) -> dict[str, Any]:
    """Read a detector of the company's own from the body."""
    entered = _with_owner(read_body(OwnDetectorSerializer, request.data))
    try:
        metric = get_metric(entered["metric"])
        for name in entered.get("where", {}):
            metric.check_dimension(name)
    except (UnknownMetric, BadCut) as error:
        raise ValidationError(str(error)) from None
    return entered


def _with_owner(entered: dict[str, Any]) -> dict[str, Any]:
    """Replace the id of an owner by the person."""
    if entered.get("owner") is None:
        return entered
    owner = User.objects.filter(pk=entered["owner"], is_active=True).first()
    if owner is None:
        raise ValidationError("The owner does not exist. Use the id of an active person.")
    return {**entered, "owner": owner}
