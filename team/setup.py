"""Claim a new deployment: once, with the token that Accord printed when it started."""

import hashlib
import secrets
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from core.number_locale import DEFAULT_LOCALE
from team.models import Company, Role, User


class AlreadyClaimed(Exception):
    """The deployment has been claimed before."""


class WrongToken(Exception):
    """The token is not the one printed last."""


@dataclass(frozen=True)
class SetupDetails:
    """What the set-up form asks for."""

    company_name: str
    currency: str
    time_zone: str
    name: str
    email: str
    password: str
    number_format: str = DEFAULT_LOCALE


def is_claimable() -> bool:
    """True until this deployment is claimed; the demo company is never claimed."""
    company = Company.get()
    return company.claimed_at is None and not company.is_demo


def new_token() -> str:
    """Draw a set-up token and keep only its digest; a token drawn before is worth nothing from here on."""
    token = secrets.token_urlsafe(24)
    Company.get()
    Company.objects.update(setup_digest=_hash_token(token))
    return token


@transaction.atomic
def claim_deployment(*, token: str, founding: SetupDetails) -> User:
    """Name the company and create the CEO's account, which also holds every right; the token is then worthless.

    Raises:
        AlreadyClaimed: there is nothing to claim.
        WrongToken: the token is not the one printed last.
    """
    Company.get()
    company = Company.objects.select_for_update().get()
    if company.claimed_at or company.is_demo:
        raise AlreadyClaimed
    if not company.setup_digest or not constant_time_compare(company.setup_digest, _hash_token(token.strip())):
        raise WrongToken
    company.name, company.currency, company.time_zone = founding.company_name, founding.currency, founding.time_zone
    company.number_format = founding.number_format
    company.claimed_at, company.setup_digest = timezone.now(), ""
    company.save()
    return User.objects.create_superuser(founding.email, founding.password, name=founding.name, role=Role.CEO)


def _hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
