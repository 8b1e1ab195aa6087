"""What a connector declares: its hosts, how one signs in, what there is to read, and who reads it."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from connectors.protocol import Connection, Reader
from connectors.session import Session

MAX_SOURCE = 20  # characters; the column of Connector.source
SLUG = re.compile(r"[a-z0-9_-]+")
DOMAIN = re.compile(r"(\.[a-z0-9-]+){2,}")  # .vendor.com, never .com


@dataclass(frozen=True)
class CredentialField:
    """Something to fill in."""

    name: str
    label: str
    is_secret: bool = True
    is_long: bool = False
    is_optional: bool = False
    hint: str = ""


@dataclass(frozen=True)
class SignInMethod:
    """A way to sign in. `begin` gets the base address and what was filled in."""

    key: str
    title: str
    hint: str
    credentials: tuple[CredentialField, ...]
    begin: Callable[[str, Mapping[str, str]], Session]
    renews: bool = True  # False: the token is all there is, and when it is refused nothing can be done


@dataclass(frozen=True)
class ConnectorType:
    """One system that Accord can pull from.

    Each folder of `connectors/vendors/` declares one in its `connector.py`, under the name CONNECTOR.
    """

    source: str  # the `source` of its records, and of the mappings that its files go through
    title: str
    interface: str  # how it is read, for the documentation
    domains: tuple[str, ...]  # the vendor's own, like ".vendor.com"; no other host is ever called
    example_url: str
    sign_in_methods: tuple[SignInMethod, ...]
    objects: Mapping[str, str]  # {the source's own name: its title}, in the order in which they are read
    reader: Callable[[Connection], Reader]
    optional_objects: frozenset[str] = frozenset()  # no note is needed where one of these is not accessible
    base_url: str = ""  # where it is the same for every customer

    def method(self, key: str) -> SignInMethod:
        """Return one of its sign-in methods.

        Raises:
            KeyError: there is none of this key.
        """
        return {method.key: method for method in self.sign_in_methods}[key]

    def problems(self) -> Iterator[str]:
        """Yield what is wrong with the declaration, each with its remedy."""
        if not SLUG.fullmatch(self.source) or len(self.source) > MAX_SOURCE:
            yield f"source “{self.source}” is not valid. Use at most {MAX_SOURCE} of a-z, 0-9, - and _."
        if not self.title.strip():
            yield "it has no title. Add the vendor's name as people write it."
        yield from self._address_problems()
        yield from self._method_problems()
        if not self.objects:
            yield "it has no objects. Name at least one that the reader can read."
        unknown = sorted(self.optional_objects - set(self.objects))
        if unknown:
            yield f"optional_objects names {', '.join(unknown)}, which objects does not. Add them to objects."

    def _address_problems(self) -> Iterator[str]:
        if not self.domains:
            yield "it has no domains. Name at least one that only the vendor gives hosts under."
        for domain in self.domains:
            if not DOMAIN.fullmatch(domain):
                yield f"domain “{domain}” is not valid. Write it like .vendor.com."
        for name, url in (("example_url", self.example_url), ("base_url", self.base_url)):
            is_given = name == "example_url" or url
            if is_given and not (url.startswith("https://") and (urlsplit(url).hostname or "").endswith(self.domains)):
                yield f"{name} “{url}” is not an https address under its domains."

    def _method_problems(self) -> Iterator[str]:
        if not self.sign_in_methods:
            yield "it has no sign_in_methods. Add at least one."
        keys = [method.key for method in self.sign_in_methods]
        for key in sorted({key for key in keys if keys.count(key) > 1}):
            yield f"two sign-in methods have the key “{key}”. Give each its own."
        for method in self.sign_in_methods:
            if not SLUG.fullmatch(method.key):
                yield f"sign-in method “{method.key}” is not valid as a key. Use a-z, 0-9, - and _."
            if not method.credentials:
                yield f"sign-in method “{method.key}” has no credentials. Add what a person fills in."
