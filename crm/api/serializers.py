"""What each kind of record shows: the fields that its declaration names, so that nothing new is shown by accident.

References are ids of the kind they name; money is a decimal string beside its currency; times are in UTC.
"""

from functools import cache
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from crm.record_kind import RecordKind
from team.models import Territory

ORIGIN = ("id", "source", "external_id", "created_at", "modified_at")
CUSTOM = ("custom",)


@extend_schema_field({"type": "object", "additionalProperties": True})
class Custom(serializers.JSONField):
    """The columns of the source that Accord has no field for."""


class RecordSerializer(serializers.ModelSerializer[Any]):
    custom = Custom(read_only=True)


@cache
def serializer_for(kind: RecordKind) -> type[RecordSerializer]:
    """Make the serializer of a kind of record."""
    meta = type("Meta", (), {"model": kind.model, "fields": (*ORIGIN, *kind.fields, *CUSTOM)})
    return type(f"{kind.model.__name__}Serializer", (RecordSerializer,), {"Meta": meta})


class TerritorySerializer(serializers.ModelSerializer[Territory]):
    class Meta:
        model = Territory
        fields = ("id", "name", "parent")
