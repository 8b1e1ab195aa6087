"""Answers that earlier code stored are not read by later code."""

import pickle
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.cache.backends.redis import RedisCache

from core.code_version import hash_code
from revops.apps import APPS


def test_the_hash_follows_contents_and_names_of_code_and_declarations_alone(tmp_path: Path) -> None:
    app = tmp_path / "app"
    app.mkdir()
    (app / "rules.py").write_text("LIMIT = 1\n")
    first = hash_code(tmp_path, ["app"])
    (app / "notes.txt").write_text("no code")
    assert hash_code(tmp_path, ["app"]) == first
    (app / "rules.py").write_text("LIMIT = 2\n")
    second = hash_code(tmp_path, ["app"])
    (app / "rules.py").rename(app / "limits.py")
    assert len({first, second, hash_code(tmp_path, ["app"])}) == 3


def test_an_answer_of_earlier_code_is_a_miss() -> None:
    """An object whose class was renamed since cannot be read: it must not even be asked for."""
    address = settings.CACHES["default"]["LOCATION"]
    earlier = RedisCache(address, {"KEY_PREFIX": "earlier"})
    earlier.set("answer", {"class": "of earlier code"})
    key = earlier.make_and_validate_key("answer")
    earlier._cache.get_client(None, write=True).set(key, b"\x80\x04cnowhere\nGone\n.")
    with pytest.raises((pickle.UnpicklingError, ModuleNotFoundError)):
        earlier.get("answer")
    assert cache.key_prefix == hash_code(settings.BASE_DIR, APPS)[:16]
    assert cache.get("answer") is None
    earlier.delete("answer")
