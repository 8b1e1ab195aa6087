"""Secrets under seal: they open with our keys only, change keys without being entered again, and never show."""

import json

import pytest

from core.encryption import Sealed, Unsealable

OLD, NEW = "an old key of thirty-two characters.", "a new key of thirty-two characters. "


def test_what_is_sealed_opens_again() -> None:
    secret = {"refresh_token": "very-secret", "expires_at": 17}
    assert Sealed.of(secret).open() == secret


def test_a_seal_shows_nothing() -> None:
    sealed = Sealed.of("very-secret")
    shown = f"{sealed} {sealed!r} {sealed.token}"
    assert "very-secret" not in shown


def test_the_same_secret_never_looks_the_same_twice() -> None:
    assert Sealed.of("x") != Sealed.of("x")


def test_without_keys_of_its_own_the_secret_key_seals(settings: object) -> None:
    settings.SECRET_KEY = "one secret key of a deployment"  # type: ignore[attr-defined]
    sealed = Sealed.of("x")
    settings.SECRET_KEY = "another secret key of a deployment"  # type: ignore[attr-defined]
    with pytest.raises(Unsealable, match="Enter it again"):
        sealed.open()
    settings.SECRET_KEY_FALLBACKS = ["one secret key of a deployment"]  # type: ignore[attr-defined]
    assert sealed.open() == "x"


def test_keys_rotate(settings: object) -> None:
    settings.ENCRYPTION_KEYS = [OLD]  # type: ignore[attr-defined]
    sealed = Sealed.of("x")
    settings.ENCRYPTION_KEYS = [NEW, OLD]  # type: ignore[attr-defined]
    anew = sealed.rotate()
    settings.ENCRYPTION_KEYS = [NEW]  # type: ignore[attr-defined]
    assert anew.open() == "x"
    with pytest.raises(Unsealable):
        sealed.open()
    with pytest.raises(Unsealable):
        sealed.rotate()


@pytest.mark.parametrize("token", ["", "nonsense", json.dumps({"a": 1})])
def test_what_was_never_sealed_does_not_open(token: str) -> None:
    with pytest.raises(Unsealable):
        Sealed(token).open()
