"""One shape for every error: {"status", "code", "detail"}, and "fields" where a parameter is to blame."""

from typing import Any

from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import APIException, PermissionDenied, Throttled, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

NO_RECORD = "This record does not exist, or you do not have permission to see it."
NO_ADDRESS = "There is no resource at this address. /api/docs/ lists all addresses."
PROVE_PRESENCE = (
    "Signing, disputing and deciding ask for your password or second factor again. An API token cannot give it: "
    "open the page in the browser. A session can, at /accounts/reauthenticate/, for 15 minutes."
)
LOOK_AT_FIELDS = "Some parameters are not valid; see fields."


class PresenceNotProven(PermissionDenied):
    """The action asks for the password again, which a token cannot give."""

    default_code = "reauthentication_required"
    default_detail = PROVE_PRESENCE


def handle_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an error in our shape; None for what is unexpected, which Django answers with 500."""
    if isinstance(error, ReauthenticationRequired):
        error = PresenceNotProven()
    response = exception_handler(error, context)
    if response is None:
        return None
    response.data = problem_body(error, response)
    return response


def problem_body(error: Exception, response: Response) -> dict[str, Any]:
    status = response.status_code
    if isinstance(error, ValidationError):
        fields = _field_errors(error)
        detail = fields["parameters"][0] if list(fields) == ["parameters"] else LOOK_AT_FIELDS
        return {"status": status, "code": "invalid", "detail": detail, "fields": fields}
    if isinstance(error, Http404):
        return {"status": status, "code": "not_found", "detail": NO_RECORD}
    if isinstance(error, Throttled):
        detail = f"More than {settings.API_RATE_PER_MINUTE} requests in a minute. Go on in {response.headers.get('Retry-After', 60)} s."
        return {"status": status, "code": "throttled", "detail": detail}
    code = error.default_code if isinstance(error, APIException) else "not_allowed"
    return {"status": status, "code": code, "detail": str(response.data.get("detail", ""))}


def _field_errors(error: ValidationError) -> dict[str, list[str]]:
    detail = error.detail
    fields = detail.items() if isinstance(detail, dict) else [("parameters", detail)]
    return {
        str(name): [str(message) for message in (list(messages) if isinstance(messages, list | tuple) else [messages])]
        for name, messages in fields
    }


@csrf_exempt  # nothing is written here, and the answer is JSON for everyone
def no_such_address(request: HttpRequest) -> JsonResponse:
    """Answer an address under /api/ that leads nowhere."""
    return JsonResponse({"status": 404, "code": "not_found", "detail": NO_ADDRESS}, status=404)
