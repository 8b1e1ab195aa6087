"""A signed-in session: where questions go, and the token that goes with them."""

import time
from dataclasses import asdict, dataclass, field
from typing import Any

EARLY = 60.0  # an access token is renewed this many seconds before it ends


@dataclass(frozen=True)
class Session:
    """What a question needs to be answered: where to put it, and the token that goes with it."""

    base_url: str
    token: str = field(repr=False)
    header: str = "Authorization"
    expires_at: float = 0.0  # seconds since the epoch; 0: never
    refresh_token: str = field(default="", repr=False)  # a new one, where the source gave one

    @property
    def headers(self) -> dict[str, str]:
        return {self.header: f"Bearer {self.token}" if self.header == "Authorization" else self.token}

    @property
    def is_over(self) -> bool:
        return bool(self.expires_at) and time.time() > self.expires_at - EARLY

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
