"""The company with a few real records that the tests of numbers have."""

from tests.kpis.conftest import sold

__all__ = ["sold"]
