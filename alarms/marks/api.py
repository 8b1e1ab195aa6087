"""Notes on a day over HTTP."""

from typing import Any, cast

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from alarms.marks import actions
from alarms.marks.models import MOST_TEXT, DayNote
from core.api.fields import Words, errors_as_responses, read_body
from core.api.views import ReadOnly
from team.models import User


class DayNoteSerializer(serializers.ModelSerializer[DayNote]):
    class Meta:
        model = DayNote
        fields = ("id", "metric", "day", "text", "author", "written_at", "changed_at", "deleted_at")


class NewDayNoteSerializer(serializers.Serializer[Any]):
    metric = Words(max_length=80, allow_blank=True, help_text="The key of a metric; empty: all metrics.")
    day = serializers.DateField()
    text = Words(max_length=MOST_TEXT)


class DayNoteView(ReadOnly):
    """Notes that people wrote on a day; deleted ones keep their address and leave the list."""

    queryset = DayNote.objects.all()
    serializer_class = DayNoteSerializer
    ordering_fields = ("day", "written_at")

    def get_queryset(self) -> Any:
        return DayNote.objects.visible_to(self.request.user) if self.detail else DayNote.objects.present()

    @extend_schema(request=NewDayNoteSerializer, responses={201: DayNoteSerializer})
    def create(self, request: Request) -> Response:
        """Write a note on a day."""
        entered = read_body(NewDayNoteSerializer, request.data)
        with errors_as_responses():
            note = actions.write_note(by=cast(User, request.user), **entered)
        return Response(self.get_serializer(note).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=NewDayNoteSerializer, responses=DayNoteSerializer)
    def update(self, request: Request, pk: int) -> Response:
        """Change a note as a whole."""
        note = get_object_or_404(self.get_queryset(), pk=pk)
        entered = read_body(NewDayNoteSerializer, request.data)
        with errors_as_responses():
            note = actions.change_note(by=cast(User, request.user), note=note, **entered)
        return Response(self.get_serializer(note).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        """Delete a note; it can be restored."""
        with errors_as_responses():
            actions.delete_note(by=cast(User, request.user), note=get_object_or_404(self.get_queryset(), pk=pk))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=DayNoteSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: int) -> Response:
        """Restore a deleted note."""
        with errors_as_responses():
            note = actions.restore_note(by=cast(User, request.user), note=get_object_or_404(self.get_queryset(), pk=pk))
        return Response(self.get_serializer(note).data)
