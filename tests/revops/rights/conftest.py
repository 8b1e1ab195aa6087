"""The company of the tests of rights, made once."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import get_resolver

from tests.revops.rights.world import World, build


class Undone(Exception):
    """Takes back what a request did."""


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """The company, made once; each request is taken back."""
    with django_db_blocker.unblock():
        try:
            with transaction.atomic():
                with pytest.MonkeyPatch.context() as patch:
                    patch.setattr(get_resolver(), "resolve_error_handler", lambda code: partial(briefly, code))
                    patch.setattr(
                        "funnel.actions.evaluate_stage", lambda buyer, stage: (False, {})
                    )  # criteria are not rights
                    patch.setattr("funnel.api.pushing.follow_leads", lambda ids: [])
                    yield build()
                raise Undone
        except Undone:
            pass


def briefly(code: int, request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """Answer an error without its page, which takes longer than all that is tested here."""
    return HttpResponse(status=code)


@contextmanager
def taken_back() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
            raise Undone
    except Undone:
        pass
