"""What the dashboard names under “What changed” beside its own figures. Apps above declare sources in a module `news.py`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from crm.readable import Reader


@dataclass(frozen=True)
class News:
    """One line: what happened, where it is shown, and what it costs or means."""

    title: str
    url: str
    detail: str = ""


Source = Callable[[Reader], Iterable[News]]
_sources: dict[str, Source] = {}


def register_news(name: str, source: Source) -> None:
    """Declare a source; a second one of the same name is refused."""
    if _sources.get(name, source) is not source:
        raise ValueError(f"Two sources of news are called {name}.")
    _sources[name] = source


def read_news(user: Reader) -> list[News]:
    """Return what all sources have for this reader, in the order of their names."""
    return [news for name in sorted(_sources) for news in _sources[name](user)]
