"""What both sides sign about working together."""

from collections.abc import Mapping
from typing import Any

from agreements.kinds import Kind, register_kind
from alignment.lexicon.forms import MessageTerms, PersonaTerms, RoleTerms, TermTerms, describe_terms
from alignment.matrix.forms import ROLES, MatrixTerms, metric_names
from alignment.matrix.rules import KIND as MATRIX
from alignment.matrix.rules import describe_changes, describe_rows, read_rows


def _describe_matrix(terms: Mapping[str, Any]) -> list[str]:
    return describe_rows(read_rows(terms), ROLES, metric_names())


def _compare_matrices(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return describe_changes(read_rows(old), read_rows(new), ROLES, metric_names())


register_kind(
    Kind(
        MATRIX, "Accountability matrix", "Accountability matrices",
        "Who is accountable, responsible, consulted and informed at each stage of the customer lifecycle.",
        MatrixTerms, _describe_matrix, page="edit_matrix", new_page="edit_matrix", changes=_compare_matrices,
    )
)  # fmt: skip
register_kind(
    Kind(
        "term",
        "Term",
        "Terms",
        "What a term means here: lead, MQL, opportunity. It is underlined where it is used.",
        TermTerms,
        describe_terms,
    )
)
register_kind(
    Kind(
        "persona",
        "Buyer persona",
        "Buyer personas",
        "Whom both teams have in mind when they say “buyer”.",
        PersonaTerms,
        describe_terms,
    )
)
register_kind(
    Kind(
        "message",
        "Message",
        "Messages",
        "What we say to buyers, so that it does not change between touchpoints.",
        MessageTerms,
        describe_terms,
    )
)
register_kind(Kind("role", "Role", "Roles", "Who does what where the two teams meet.", RoleTerms, describe_terms))
