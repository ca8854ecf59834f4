"""Names as they are searched: spelling that makes no difference, and pinyin initials."""

import re
import unicodedata
from functools import lru_cache
from itertools import islice, product

# Between the two blocks of characters lie the hexagrams of the I Ching, which nobody spells.
_WORDS = re.compile(r"[a-z0-9]|[\u3400-\u4dbf\u4e00-\u9fff]+")
_TYPED = re.compile(r"[a-z0-9]*[a-z][a-z0-9]*")
# A name of four characters has a dozen readings at most; odder ones keep their likeliest.
_MOST_READINGS = 64


def sought(name: str) -> str:
    """Return a name as it is searched: full width, spaces and case make no difference."""
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()


@lru_cache(16_384)
def initials_of(name: str) -> str:
    """Return the pinyin initials of a name, every reading of it, parted by spaces.

    平安银行 gives "payh paxh": the likeliest reading by its words first, then those that a
    character has elsewhere. Latin letters and digits stand for themselves, and what nobody knows
    how to read stands for nothing.
    """
    places: list[list[str]] = []
    for word in _WORDS.findall(sought(name)):
        places += [[word]] if word.isascii() else _readings(word)
    spelt = islice(product(*places), _MOST_READINGS) if places else ()
    return " ".join(dict.fromkeys("".join(letters) for letters in spelt))


def finds(text: str, symbol: str, name: str | None, initials: str) -> bool:
    """Return whether text is the start of a code, a part of a name, or of its pinyin initials."""
    wanted = sought(text)
    if symbol.startswith(text.upper()):
        return True
    if not wanted:
        return False
    return wanted in sought(name or "") or (is_spelt(wanted) and wanted in initials)


def is_spelt(wanted: str) -> bool:
    """Return whether a searched text may be initials: digits alone are a code or a name's part."""
    return _TYPED.fullmatch(wanted) is not None


def _readings(word: str) -> list[list[str]]:
    # Late: its tables cost a third of a second to read, and most starts name nothing.
    from pypinyin import Style, lazy_pinyin, pinyin

    style = Style.FIRST_LETTER
    known = [(each, pinyin(each, style, heteronym=True, errors="ignore")) for each in word]
    spelt = [(each, letters[0]) for each, letters in known if letters]
    likely = lazy_pinyin("".join(each for each, _ in spelt), style)
    return [
        [each for each in dict.fromkeys([first, *letters]) if each.isascii()]
        for first, (_, letters) in zip(likely, spelt, strict=True)
    ]
