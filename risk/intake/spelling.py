"""Characters that deceive: unseen ones, look-alikes, spaces at the edge, other Unicode forms.

Identifiers and codes are matched letter by letter, so what looks the same must be the same. Nothing is
mended silently: what makes an identifier ambiguous is an error, the rest is a notice.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from risk.intake.findings import excerpt

if TYPE_CHECKING:
    from risk.intake.columns import Column

__all__ = ["check", "is_text", "skeleton"]

_HIDDEN = (
    r"[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}\x{A0}\x{34F}\x{115F}\x{1160}\x{1680}\x{17B4}\x{17B5}"
    r"\x{2000}-\x{200A}\x{202F}\x{205F}\x{2800}\x{3000}\x{3164}\x{FE00}-\x{FE0F}\x{FFA0}\x{E0100}-\x{E01EF}]"
)
_OTHERS = r"[\p{Cyrillic}\p{Greek}\p{Armenian}\p{Cherokee}\p{Coptic}\p{Lisu}]"
#: Cyrillic and Greek letters that are drawn like Latin ones.
_LOOKS_LIKE = str.maketrans(
    "АВЕЅІЈКМНОРСТУХҮԌԛԜаеорсухіјѕһԁԛԝгԍΑΒΕΖΗΙΚΜΝΟΡΤΥΧοανιҚқӀ",
    "ABESIJKMHOPCTYXYGqWaeopcyxijshdqwrgABEZHIKMNOPTYXoaviKkI",
)


def is_text(kind: pa.DataType) -> bool:
    """Whether an Arrow type is text."""
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def skeleton(text: str) -> str:
    """What a text looks like: compatible forms, look-alike letters, unseen characters and edges folded.

    >>> skeleton("ＱＭ ") == skeleton("QМ") == "QM"
    True
    """
    plain = unicodedata.normalize("NFKC", text).translate(_LOOKS_LIKE)
    return "".join(c for c in plain if unicodedata.category(c)[0] != "C").strip()


def check(column: "Column", text: pa.ChunkedArray) -> None:
    """Report deceiving characters of an identifier, a code or a free text."""
    role = column.field.role
    if role not in ("id", "party", "categorical", "text") or _is_plain(text):
        return
    hidden = pc.match_substring_regex(text, _HIDDEN)
    say = "'{}' holds a character that cannot be seen"
    if role == "text":
        return column.report(
            "hidden_in_text", hidden, lambda v: f"is {say.format(excerpt(v))}; it is taken as it stands"
        )
    column.report(
        "hidden_character", hidden, lambda v: f"is {say.format(excerpt(v))}; expected {column.field.expected}"
    )
    column.report(
        "spaces_around",
        pc.match_substring_regex(text, "^ | $"),
        lambda v: f"is '{excerpt(v)}' with spaces around it; they are part of it",
    )
    column.report(
        "mixed_script",
        pc.and_(pc.match_substring_regex(text, r"\p{Latin}"), pc.match_substring_regex(text, _OTHERS)),
        lambda v: f"is '{excerpt(v)}', which mixes letters of two alphabets; it is taken as it stands",
    )
    column.report(
        "unusual_form",
        pc.not_equal(text, pc.utf8_normalize(text, form="NFKC")),
        lambda v: (
            f"is '{excerpt(v)}' in full width, NFD or another compatible form; it is taken as it stands"
        ),
    )
    _check_look_alikes(column, text)


def _is_plain(text: pa.ChunkedArray) -> bool:
    """Whether every value is printable ASCII without a space at its edge; decided on bytes."""
    return all(_chunk_is_plain(chunk) for chunk in text.chunks)


def _chunk_is_plain(chunk: pa.Array) -> bool:
    _, offset_bytes, data = chunk.buffers()
    if data is None or len(chunk) == 0:
        return True
    width = np.int64 if pa.types.is_large_string(chunk.type) else np.int32
    offsets = np.frombuffer(offset_bytes, width)[chunk.offset : chunk.offset + len(chunk) + 1]
    raw = np.frombuffer(data, np.uint8)[: offsets[-1]]
    used = raw[offsets[0] :]
    if len(used) and (used.min() < 32 or used.max() > 126):
        return False
    filled = offsets[1:] > offsets[:-1]
    return not ((raw[offsets[:-1][filled]] == 32).any() or (raw[offsets[1:][filled] - 1] == 32).any())


def _check_look_alikes(column: "Column", text: pa.ChunkedArray) -> None:
    """Values that look like another one of the column; where one of the two is plain, the other is named."""
    distinct = pc.unique(text).drop_null()
    odd = pc.invert(pc.match_substring_regex(distinct, r"^(?:[!-~](?:[ -~]*[!-~])?)$"))
    seen = {v: v for v in distinct.filter(pc.invert(odd)).to_pylist()}
    twins: dict[str, str] = {}
    for value in distinct.filter(odd).to_pylist():
        first = seen.setdefault(skeleton(value), value)
        if first != value:
            twins[value] = first
    if not twins:
        return
    code = "look_alike_id" if column.field.role == "id" else "look_alike"
    column.report(
        code,
        pc.is_in(text, value_set=pa.array(list(twins), text.type)),
        lambda v: f"is '{excerpt(v)}', which looks like '{excerpt(twins[v])}' and is not the same",
    )
