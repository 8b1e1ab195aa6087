"""`manage.py rotate_keys`: encrypt every stored secret again with the first of ENCRYPTION_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import models, transaction

from core import encryption
from team.accounts import two_factor


class Command(BaseCommand):
    help = (
        "Encrypts every stored secret again with the first key. Put the new key in front of ENCRYPTION_KEYS, restart, "
        "run this, then take the old keys away."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        lost: list[str] = []
        done = sum(
            _rotate_column(model, field, lost) for model, field in encryption.sealed_columns()
        ) + two_factor.reencrypt_secrets(lost)
        self.stdout.write(f"{done} encrypted again with the first key.")
        if lost:
            raise CommandError(f"No key opens these; enter them again: {', '.join(lost)}.")


def _rotate_column(model: type[models.Model], field: encryption.SealedField, lost: list[str]) -> int:
    """Return how many were encrypted again; each row by itself, locked, so that no one's change is undone."""
    done = 0
    for pk in model._default_manager.exclude(**{field.attname: ""}).values_list("pk", flat=True):
        with transaction.atomic():
            row = model._default_manager.select_for_update().get(pk=pk)
            try:
                rotated = getattr(row, field.attname).rotate()
            except encryption.Unsealable:
                lost.append(f"{model._meta.verbose_name} “{row}”")
                continue
            model._default_manager.filter(pk=pk).update(**{field.attname: rotated})
            done += 1
    return done
