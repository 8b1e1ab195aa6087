"""The secrets behind a link, and why nothing that is stored leads from an invitation to its answers.

Three values play together:

- The *token* is part of the link. It is drawn at random and never stored. The invitation keeps its SHA-256 alone, which
  recognises a link but does not give it back.
- The *code* is drawn when a person answers for the first time. It is never stored either: the browser of the respondent
  keeps it in a cookie for this link, and the page shows it once so that it can be noted down.
- The *key* of the answers is HMAC(token, code). Only who holds both can compute it, so only the respondent can read or
  change the answers until the round closes. The person who made the round may hold the link, the database holds the
  digest, but neither has the code.

The key of the second questionnaire is drawn from the same two values under another label: the two sheets of one
respondent cannot be joined without them.
"""

import hashlib
import hmac
import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that is taken for something else on paper
GROUPS, GROUP_LENGTH = 4, 4  # 79 random bits
ANSWERS, SKILLS = "answers", "skills"


def draw_token() -> str:
    return secrets.token_urlsafe(24)


def digest_token(token: str) -> str:
    return hashlib.sha256(f"accord round link {token}".encode()).hexdigest()


def draw_code() -> str:
    letters = [secrets.choice(ALPHABET) for _ in range(GROUPS * GROUP_LENGTH)]
    return "-".join("".join(letters[start : start + GROUP_LENGTH]) for start in range(0, len(letters), GROUP_LENGTH))


def clean_code(text: str) -> str:
    """Return a typed code as it was drawn, whatever case and separators it was typed with."""
    letters = [letter for letter in text.upper() if letter in ALPHABET][: GROUPS * GROUP_LENGTH]
    return "-".join("".join(letters[start : start + GROUP_LENGTH]) for start in range(0, len(letters), GROUP_LENGTH))


def derive_key(token: str, code: str, sheet: str = ANSWERS) -> str:
    """Return the key under which a sheet is stored."""
    return hmac.new(token.encode(), f"{sheet} {code}".encode(), hashlib.sha256).hexdigest()
