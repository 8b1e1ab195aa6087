"""The lexicon over HTTP; terms are proposed and signed as agreements of the kind `term`, under `versions/`."""

from typing import Any, cast

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from alignment.lexicon.queries import Term, list_terms
from core.api.views import ApiResponseMixin, refuse_strange_parameters
from team.models import User

SEARCH = OpenApiParameter("search", OpenApiTypes.STR, description="Part of a name, acronym, definition or synonym.")


class LexiconTermSerializer(serializers.Serializer[Any]):
    """A term with the version that binds; `state` tells of the one that waits, where one does."""

    agreement = serializers.IntegerField()
    name = serializers.CharField()
    acronym = serializers.CharField(allow_blank=True)
    definition = serializers.CharField(allow_blank=True)
    owner_side = serializers.CharField(allow_blank=True, help_text="Empty: both sides.")
    avoid = serializers.ListField(child=serializers.CharField(), help_text="Synonyms that are not to be used.")
    state = serializers.CharField()
    version = serializers.IntegerField(allow_null=True, help_text="Number of the active version.")
    in_force_since = serializers.DateTimeField(allow_null=True)


class LexiconViewSet(ApiResponseMixin, ViewSet):
    """The terms that both sides use."""

    @extend_schema(operation_id="lexicon_list", parameters=[SEARCH], responses=LexiconTermSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Every term by name. The list is not paged."""
        refuse_strange_parameters(request, {"search"})
        terms = list_terms(cast(User, request.user), request.query_params.get("search", ""))
        return Response([_term_json(term) for term in terms])


def _term_json(term: Term) -> dict[str, Any]:
    binding = term.row.binding
    return {
        "agreement": term.row.agreement.pk,
        "name": term.name,
        "acronym": term.acronym,
        "definition": term.definition,
        "owner_side": term.owner_side,
        "avoid": term.avoid,
        "state": term.row.state,
        "version": binding.number if binding else None,
        "in_force_since": term.signed_at,
    }
