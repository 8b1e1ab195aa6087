"""Rounds over HTTP: open them, see how many have answered, read the results that the page shows."""

from typing import Any, cast

from django.shortcuts import get_object_or_404
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from alignment.disclosure import MINIMUM
from alignment.expectations.measured import measure_terms
from alignment.rounds import actions
from alignment.rounds.content import read_served
from alignment.rounds.models import MINIMUMS, Reminder, Round
from alignment.rounds.queries import count_progress, read_results
from alignment.rounds.result_json import results_as_json
from core.api.fields import Words, errors_as_responses, read_body
from core.api.views import ReadOnly
from team.access import has_right
from team.models import User


class ProgressSerializer(serializers.Serializer[Any]):
    side = serializers.CharField()
    invited = serializers.IntegerField()
    answered = serializers.IntegerField()


class RoundSerializer(serializers.ModelSerializer[Round]):
    is_open = serializers.BooleanField(read_only=True)
    progress = serializers.SerializerMethodField(help_text="How many people of each side have answered; never who.")

    class Meta:
        model = Round
        fields = (
            "id", "name", "opened_at", "closes_on", "ended_on", "minimum", "has_skills", "terms", "is_open", "progress",
        )  # fmt: skip

    @extend_schema_field(ProgressSerializer(many=True))
    def get_progress(self, assessment: Round) -> list[dict[str, Any]]:
        return [
            {"side": each.side, "invited": each.invited, "answered": each.answered}
            for each in count_progress([assessment])[assessment.pk]
        ]


class NewRoundSerializer(serializers.Serializer[Any]):
    """A round to be opened, with the people of each side by e-mail address or name."""

    name = Words(max_length=80)
    closes_on = serializers.DateField(help_text="The last day to answer.")
    marketing = serializers.ListField(child=Words(max_length=254), max_length=actions.MOST_PEOPLE)
    sales = serializers.ListField(child=Words(max_length=254), max_length=actions.MOST_PEOPLE)
    minimum = serializers.ChoiceField(choices=MINIMUMS, default=MINIMUM)
    has_skills = serializers.BooleanField(default=False)
    asks_expectations = serializers.BooleanField(default=True)


class LinkSerializer(serializers.Serializer[Any]):
    person = serializers.CharField()
    side = serializers.CharField()
    url = serializers.CharField(help_text="Shown this once; Accord does not store it.")


class SentSerializer(serializers.Serializer[Any]):
    """What became of the invitations: those that were not mailed come back as links to hand over."""

    round = RoundSerializer()
    mailed = serializers.IntegerField()
    failed = serializers.IntegerField()
    links = LinkSerializer(many=True)


class ReminderSerializer(serializers.ModelSerializer[Reminder]):
    """How far the mails of a reminder are; never to whom they go."""

    mailed = serializers.IntegerField(source="done_units")
    to_mail = serializers.IntegerField(source="total_units")

    class Meta:
        model = Reminder
        fields = ("round", "state", "queued_at", "mailed", "failed", "to_mail")


class ReadingSerializer(serializers.Serializer[Any]):
    """A mean as far as it may be shown."""

    kind = serializers.ChoiceField(choices=["number", "end", "band", "hidden"])
    text = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)


class GapSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    interval = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    assumes_widest_spread = serializers.BooleanField()
    p_below = serializers.FloatField(
        allow_null=True,
        help_text="The step under which p is: 0.001, 0.01, 0.05, 0.1 or 1. Exact for up to 20 people; only from 10 on each side.",
    )


class SeriesSerializer(serializers.Serializer[Any]):
    round = serializers.CharField()
    mean = ReadingSerializer()


class SideSerializer(serializers.Serializer[Any]):
    side = serializers.CharField()
    mean = ReadingSerializer()
    first_statement = ReadingSerializer()
    believed_of_other = ReadingSerializer()
    agreement_within = serializers.CharField(help_text="r*wg, from 10 people on.")
    accuracy = GapSerializer()
    congruency = GapSerializer()
    change = GapSerializer()
    series = SeriesSerializer(many=True)


class DimensionSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()
    agreement = GapSerializer()
    reliability = serializers.CharField(allow_blank=True)
    finding = serializers.CharField(allow_blank=True)
    remedy = serializers.CharField()
    sides = SideSerializer(many=True)


class GroupSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    answered = serializers.IntegerField()
    shown_as = serializers.ChoiceField(choices=["numbers", "bands", "hidden"])
    reason = serializers.CharField(allow_blank=True)


class SkillRatingSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    mean = ReadingSerializer()


class DisciplineSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()
    groups = SkillRatingSerializer(many=True)
    served_by = serializers.ListField(
        child=serializers.IntegerField(), help_text="Active agreements that serve it: content, messages and personas."
    )
    is_hole = serializers.BooleanField(help_text="Whether it is rated below 3 and no active agreement serves it.")


class BeliefSerializer(serializers.Serializer[Any]):
    side = serializers.CharField()
    median = serializers.FloatField(allow_null=True)
    middle_half = serializers.ListField(child=serializers.FloatField(), allow_null=True)


class TermSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    question = serializers.CharField()
    unit = serializers.CharField()
    signed = serializers.FloatField()
    beliefs = BeliefSerializer(many=True)
    measured = serializers.FloatField(allow_null=True)
    measured_over = serializers.CharField(allow_blank=True)
    is_wild = serializers.BooleanField()


class ResultsSerializer(serializers.Serializer[Any]):
    """What may be shown of a round that has ended."""

    round = serializers.IntegerField()
    name = serializers.CharField()
    minimum = serializers.IntegerField()
    groups = GroupSerializer(many=True)
    dimensions = DimensionSerializer(many=True)
    disciplines = DisciplineSerializer(many=True)
    terms = TermSerializer(many=True)
    compared_with = serializers.DictField(child=serializers.CharField())


class RoundFilter(filters.FilterSet):
    name = filters.CharFilter(max_length=80)


class RoundView(ReadOnly):
    queryset = Round.objects.all()
    serializer_class = RoundSerializer
    filterset_class = RoundFilter

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not has_right(request.user, "see_rounds"):
            raise PermissionDenied("You cannot see rounds. Only leaders, the CFO, ops admins and signatories can.")

    @extend_schema(request=NewRoundSerializer, responses={201: SentSerializer})
    def create(self, request: Request) -> Response:
        """Open a round and invite its people. What it promises them cannot be changed afterwards."""
        values = read_body(NewRoundSerializer, request.data)
        people = {side: values.pop(side) for side in ("marketing", "sales")}
        with errors_as_responses():
            opened, sent = actions.open_round(by=cast(User, request.user), people=people, **values)
        return Response(_sent(opened, sent), status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=RoundSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: int) -> Response:
        """End a round before its last day; it cannot be opened again."""
        with errors_as_responses():
            closed = actions.close_round(by=cast(User, request.user), of=self._get(pk))
        return Response(RoundSerializer(closed).data)

    @extend_schema(request=None, responses={202: ReminderSerializer})
    @action(detail=True, methods=["post"])
    def remind(self, request: Request, pk: int) -> Response:
        """Have the worker mail a reminder to everyone with an address who has not answered yet, at most once a day."""
        with errors_as_responses():
            reminder = actions.remind(by=cast(User, request.user), of=self._get(pk))
        return Response(ReminderSerializer(reminder).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=None, responses=LinkSerializer(many=True), filters=False)
    @action(detail=True, methods=["post"], pagination_class=None)
    def links(self, request: Request, pk: int) -> Response:
        """Make a fresh link for everyone invited. Links alone open no answers: those need the respondent's code."""
        with errors_as_responses():
            made = actions.make_links(by=cast(User, request.user), of=self._get(pk))
        return Response(LinkSerializer(made, many=True).data)

    @extend_schema(responses=ResultsSerializer)
    @action(detail=True)
    def results(self, request: Request, pk: int) -> Response:
        """Read the results of a round that has ended, as far as they may be shown."""
        if not has_right(request.user, "read_rounds"):
            raise PermissionDenied("You cannot read results. Only the CEO, CFO, CMO, CRO and signatories can.")
        assessment = self._get(pk)
        if assessment.is_open:
            raise serializers.ValidationError("This round is still open. Results are shown after its last day.")
        results = read_results(assessment)
        measured = measure_terms(assessment.terms, assessment.ended_on, waits=False)
        served = read_served(results.disciplines, cast(User, request.user))
        return Response(results_as_json(results, measured, served))

    def _get(self, pk: int) -> Round:
        return cast(Round, get_object_or_404(self.get_queryset(), pk=pk))


def _sent(assessment: Round, sent: actions.Sent) -> dict[str, Any]:
    return {
        "round": RoundSerializer(assessment).data,
        "mailed": sent.mailed,
        "failed": sent.failed,
        "links": LinkSerializer(sent.links, many=True).data,
    }


ROUND_VIEWS: dict[str, type[ReadOnly]] = {"rounds": RoundView}
