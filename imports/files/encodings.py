"""In which encoding a text is written that is neither marked nor UTF-8: the likeliest of a shortlist, and how sure that is.

charset-normalizer tells the scripts apart; among encodings of one script, which mostly give letters too (“Lefèvre”, “Lefčvre”),
the spelling of languages decides. Encodings that read all the bytes of a file as the same text are one.
"""

import codecs
from dataclasses import dataclass, field
from math import exp, log

from charset_normalizer import from_bytes

from imports.files.spelling import LETTERS, spelling_of, word_oddness

ENCODINGS = {
    "utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "cp1252": "Windows-1252", "cp1250": "Windows-1250",
    "cp1251": "Windows-1251", "cp1253": "Windows-1253", "cp1254": "Windows-1254", "cp1257": "Windows-1257",
    "iso8859_15": "ISO 8859-15", "mac_roman": "Mac Roman", "cp850": "DOS 850", "cp932": "Shift JIS", "cp949": "EUC-KR",
    "gb18030": "GB 18030", "cp950": "Big5",
}  # fmt: skip
ASSUMED_ENCODING = "encoding:unproved"  # an answer for all files whose encoding nothing proves
_WESTERN = ("en", "fr", "de", "es", "pt", "it", "sv", "da", "nb", "nn", "fi", "nl", "ca", "ga", "gl")
LANGUAGES = {  # that are written in an encoding of the shortlist, the commonest encoding first
    "cp1252": (*_WESTERN, "is"),
    "cp1250": ("pl", "cs", "sk", "hu", "ro", "hr", "sl", "de", "bs"),
    "cp1251": ("ru", "uk", "bg", "sr", "mk", "be"),
    "cp1253": ("el",),
    "cp1254": ("tr", *_WESTERN),
    "cp1257": ("lv", "lt", "et", "pl", "de", "da", "sv", "nb", "fi"),
    "mac_roman": _WESTERN,
    "cp932": ("ja",),
    "cp949": ("ko",),
    "gb18030": ("zh_Hans",),
    "cp950": ("zh_Hant",),
}
SHORTLIST = tuple(LANGUAGES)
WIDE = frozenset({"cp932", "cp949", "gb18030", "cp950"})
ASCII = bytes(range(128))
WORD_SEPARATORS = bytes(
    32 if code < 0x30 or 0x3A <= code < 0x40 else code for code in range(256)
)  # never half of a letter
MOST_WORDS, MOST_PIECES = 2_000, 16  # of the sample
JUDGED_WORDS = 300
LONGEST_WORD = 60  # bytes
MOST_CHAOS = 0.1  # more than in the best reading
SURE_MARGIN = 8.0  # natural logarithm between two readings; what is closer is for a person to decide
FEW_WORDS_MARGIN = 8.0  # more is asked of few words: this much, divided by their number
COMMONEST_BONUS = 3.0  # what the commonest encoding is ahead by
MOST_BROKEN = 0.02  # of the words that an encoding may fail at: stray bytes
MOSTLY_UTF8 = 0.5  # of the words: a text of UTF-8 with damaged letters
MOST_CHOICES = 6
SHOWN_WORDS, LONGEST_SHOWN = 3, 60


@dataclass
class Sample:
    """Words with letters beyond ASCII, from all over a file, so that each byte that the file has is in one of them."""

    sampled: dict[bytes, None] = field(default_factory=dict)
    codes: set[int] = field(default_factory=set)  # of the bytes beyond ASCII
    pieces: int = 0

    def add(self, piece: bytes) -> None:
        if piece.isascii():
            return
        codes = set(piece.translate(None, ASCII))
        is_new = not self.codes.issuperset(codes)
        self.codes |= codes
        if is_new or (self.pieces < MOST_PIECES and len(self.sampled) < MOST_WORDS):
            self.pieces += 1
            self._add_words(piece, most=len(self.sampled) + MOST_WORDS // 8)

    def _add_words(self, piece: bytes, most: int) -> None:
        missing = self.codes - set(b"".join(self.sampled))
        for word in piece.translate(WORD_SEPARATORS).split():
            if not word.isascii() and (len(self.sampled) < most or missing & set(word)):
                self.sampled[word[:LONGEST_WORD]] = None
                missing -= set(word)


@dataclass(frozen=True)
class Guess:
    """The likeliest encoding, whether it is likelier by far, and how each likely encoding reads some of the words."""

    encoding: str
    is_sure: bool
    readings: dict[str, str]  # likeliest first


def guess_encoding(sample: Sample) -> Guess:
    """Return the likeliest encoding of a sample that is not UTF-8."""
    byte_words = list(sample.sampled)
    judged = byte_words[:: max(1, len(byte_words) // JUDGED_WORDS)][:JUDGED_WORDS]
    scored = sorted(((_log_likelihood(judged, name), name) for name in _likely_encodings(byte_words)), reverse=True)
    apart = _distinct_candidates(scored, byte_words)
    likely = [name for score, name in apart if score > apart[0][0] - 4 * SURE_MARGIN][:MOST_CHOICES]
    is_sure = len(apart) == 1 or apart[0][0] - apart[1][0] >= SURE_MARGIN + FEW_WORDS_MARGIN / len(byte_words)
    return Guess(apart[0][1], is_sure, _sample_readings(likely, byte_words))


def _likely_encodings(byte_words: list[bytes]) -> list[str]:
    """Return the encodings that charset-normalizer finds likely, with those that it takes for the same as one of them."""
    matches = list(
        from_bytes(
            b"\n".join(byte_words), cp_isolation=list(SHORTLIST), enable_fallback=False, preemptive_behaviour=False
        )
    )
    least = min((match.chaos for match in matches), default=0.0)
    likely = {
        name for match in matches if match.chaos <= least + MOST_CHAOS for name in match.could_be_from_charset
    } & LANGUAGES.keys()
    if not likely & WIDE:
        likely.add(SHORTLIST[0])
    readable = [name for name in SHORTLIST if name in likely and _readable_share(byte_words, name) >= 1 - MOST_BROKEN]
    damaged = ["utf-8"] if _readable_share(byte_words, "utf-8") >= MOSTLY_UTF8 else []
    return readable + damaged or list(SHORTLIST)


def _readable_share(byte_words: list[bytes], encoding: str) -> float:
    """Return the share of the words that an encoding can read."""
    return sum(not _is_broken(word, encoding) for word in byte_words) / max(1, len(byte_words))


def _is_broken(word: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(word, final=len(word) < LONGEST_WORD)
    except UnicodeDecodeError:
        return True
    return False


def _log_likelihood(byte_words: list[bytes], encoding: str) -> float:
    """Return the logarithm of how likely the words are as a mixture of the languages written in an encoding."""
    texts = [decode_word(word, encoding) for word in byte_words]
    languages = LANGUAGES.get(encoding) or tuple(dict.fromkeys(name for some in LANGUAGES.values() for name in some))
    rows = []
    for text in texts:
        beyond = [part for part in LETTERS.findall(text) if not part.isascii()]
        rows.append([sum(map(spelling_of(language).log_likelihood, beyond)) for language in languages])
    usual = COMMONEST_BONUS if encoding == SHORTLIST[0] else 0.0
    return _mixture_log_likelihood(rows, len(languages)) - sum(map(word_oddness, texts)) + usual


def _mixture_log_likelihood(rows: list[list[float]], languages: int) -> float:
    """Return the logarithm of how likely the rows are, by the shares of the languages that explain them best."""
    shares, total = [1 / languages] * languages, 0.0
    for _ in range(4):
        total, counts = 0.0, [0.3] * languages
        for row in rows:
            highest = max(row)
            parts = [share * exp(value - highest) for share, value in zip(shares, row, strict=True)]
            whole = sum(parts)
            total += highest + log(whole)
            counts = [count + part / whole for count, part in zip(counts, parts, strict=True)]
        shares = [count / sum(counts) for count in counts]
    return total


def _distinct_candidates(scored: list[tuple[float, str]], byte_words: list[bytes]) -> list[tuple[float, str]]:
    """Return the candidates that read the words as different texts; of equal ones that which is first in the shortlist."""
    by_text: dict[tuple[str, ...], tuple[float, str]] = {}
    for score, name in scored:
        text = tuple(decode_word(word, name) for word in byte_words)
        best = by_text.get(text, (score, name))
        by_text[text] = (best[0], min(best[1], name, key=_shortlist_position))
    return list(by_text.values())


def _shortlist_position(encoding: str) -> int:
    return SHORTLIST.index(encoding) if encoding in SHORTLIST else -1


def _sample_readings(encodings: list[str], byte_words: list[bytes]) -> dict[str, str]:
    """Return some words as each encoding reads them: those that they read differently."""
    first, second = encodings[0], encodings[min(1, len(encodings) - 1)]
    telling = [word for word in byte_words if decode_word(word, first) != decode_word(word, second)] or byte_words
    samples = sorted(telling[:50], key=len, reverse=True)[:SHOWN_WORDS]
    return {name: " · ".join(decode_word(word, name) for word in samples)[: 3 * LONGEST_SHOWN] for name in encodings}


def decode_word(word: bytes, encoding: str) -> str:
    """Decode a word that may have been cut in the middle of a letter."""
    return codecs.getincrementaldecoder(encoding)(errors="replace").decode(word)


def encoding_label(encoding: str) -> str:
    return ENCODINGS.get(encoding, encoding)


def describe_guess(guess: Guess, encoding: str) -> str:
    """Say that the encoding of a file is a guess, with some of its words as they are read now."""
    reading = guess.readings.get(encoding, "")
    reads = f": “{reading}”" if reading else ""
    if encoding != guess.encoding:
        return f"The file does not name its encoding. You chose {encoding_label(encoding)}{reads}."
    return f"The file does not name its encoding. It is probably {encoding_label(encoding)}{reads}."
