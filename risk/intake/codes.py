"""Every code a check can answer with: severity, meaning, an example, and what to do.

``docs/finding-codes.md`` is this table (`as_markdown`); a test holds the two together.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Code", "CODES", "as_markdown"]


class Code(NamedTuple):
    """What a finding's code means. `severity` is ``error`` (nothing is imported) or ``notice``."""

    severity: str
    meaning: str
    example: str
    todo: str


def _error(meaning: str, example: str, todo: str) -> Code:
    return Code("error", meaning, example, todo)


def _notice(meaning: str, example: str, todo: str) -> Code:
    return Code("notice", meaning, example, todo)


#: The file as a whole, then its columns, then single values; in the order in which they are looked for.
CODES: dict[str, Code] = {
    # the file
    "not_there": _error("No such file or folder.", "a mistyped path", "Check the path."),
    "too_large": _error(
        "More bytes, rows, columns or unpacked data than are read at once.",
        "a Parquet file of 1 MB that unpacks to 200 million rows",
        "Split it into parts.",
    ),
    "wrong_kind": _error(
        "Not the kind of file its name says.",
        "an xlsx, zip, gzip or UTF-16 file named .csv",
        "Save it as UTF-8 CSV with commas, or as Parquet.",
    ),
    "not_utf8": _error(
        "A byte that is not UTF-8 text.", "`0xe9`, an é in Latin-1", "Save the file as UTF-8."
    ),
    "nul_byte": _error(
        "A NUL byte in a text file.", "`a\\x00b`", "Export the file again; it is damaged or binary."
    ),
    "empty_file": _error("No byte, or only blank lines.", "a file of 0 bytes", "Export the file again."),
    "no_rows": _error("A header and nothing else.", "`item_id,origin` alone", "Export the file again."),
    "no_header": _error(
        "The first line has none of the declared names.",
        "`CX000000005QM,QM,120`",
        "Put the column names into the first line.",
    ),
    "wrong_delimiter": _error(
        "Columns are not separated by commas.", "`item_id;origin`", "Save it with commas."
    ),
    "duplicate_header": _error(
        "Two columns have the same name.", "`id,weight,weight`", "Rename or drop one."
    ),
    "ragged_row": _error(
        "A row has more or fewer cells than the header.",
        "`a,b,c` under `id,origin`",
        "Quote cells that hold commas; complete the row.",
    ),
    "bad_quote": _error(
        "A quotation mark that does not open or close a whole cell.",
        '`a"b` or `"never closed`',
        'Put the cell in quotes and double those inside: `"a""b"`.',
    ),
    "unreadable": _error(
        "Damaged, truncated, or not what its name says.",
        "half a Parquet file",
        "Copy or export the file again.",
    ),
    "parts_differ": _error(
        "The parts of a folder do not have the same columns and types.",
        "`part-0` has weight as a number, `part-1` as text",
        "Write all parts alike.",
    ),
    "outside_package": _error(
        "A package names a file outside its own folder.",
        "`../secret.parquet`",
        "Put the file into the package's folder.",
    ),
    "mixed_line_ends": _notice(
        "Lines end in more than one way; all were read as line ends.",
        "`\\r\\n` and `\\n`",
        "Nothing, unless a row looks wrong.",
    ),
    # columns
    "missing_column": _error(
        "A declared column that must be there is not.",
        "no column `origin`",
        "Add it, or rename the one that holds it.",
    ),
    "extra_column": _notice(
        "A column that the dictionary does not know; it is ignored.",
        "a column `comment`",
        "Describe it in the dictionary, or leave it.",
    ),
    "label_ignored": _notice(
        "A column that says what an examination showed, in a file of declarations; ignored.",
        "a column `found` in a file to be scored",
        "Nothing; examinations belong in outcomes.",
    ),
    "wrong_type": _error(
        "A column of a kind that cannot hold what is declared.",
        "a list, a struct or a date where a number belongs",
        "Write the column as declared.",
    ),
    "read_as_text": _notice(
        "Numbers in a column of text; read as text as they stand.",
        "hs_code as the number 10121: a leading zero may be lost already",
        "Write codes as text.",
    ),
    "no_time_zone": _notice(
        "Times without a zone; read as UTC.", "`2026-01-02T03:04:05`", "Add `Z` or an offset."
    ),
    # values
    "too_long": _error(
        "A cell longer than any real value.", "one field of 1 MB", "Shorten it, or mend a quote."
    ),
    "missing_value": _error(
        "A required value is empty.", "an empty weight", "Fill it in, or make it optional."
    ),
    "not_a_number": _error(
        "Text where a number belongs.",
        "`1,5` · `500 g` · `1_000` · `NA` · `0x10`",
        "Write digits with a point; leave cells without a value empty.",
    ),
    "not_finite": _error("A number without bounds.", "`inf` · `1e400`", "Leave the cell empty."),
    "not_whole": _error("A number with a fraction where a whole one belongs.", "`1.5` pieces", "Round it."),
    "too_many_digits": _error(
        "A whole number too large to be held exactly (2^53 or more).",
        "`9007199254740993`",
        "Declare identifiers as text.",
    ),
    "not_a_date": _error(
        "Not a date in ISO 8601 form, or no such day.",
        "`31/12/2026` · `2026-02-31`",
        "Write 2026-12-31, or declare the column's `format`.",
    ),
    "not_true_false": _error(
        "Neither of the declared spellings of true and false.",
        "`yes`",
        "Write true or false, or declare `trueValues` and `falseValues`.",
    ),
    "out_of_range": _error("Below the minimum or above the maximum.", "a weight of `-3` g", "Correct it."),
    "not_allowed": _error("Not one of the allowed values.", "nature `present`", "Use a value of the list."),
    "wrong_form": _error(
        "A text without the declared form.", "origin `qm` or `ҚМ` (Cyrillic)", "Correct it."
    ),
    "hidden_character": _error(
        "A character that cannot be seen in an identifier or code.",
        "a zero-width space, a line break or a right-to-left mark in `QM`",
        "Remove it.",
    ),
    "duplicate_row": _error("A whole row stands twice.", "the same item with the same values", "Remove one."),
    "duplicate": _error(
        "A value that must be unique stands again, with other values beside it.",
        "one item with two weights",
        "Find out which row is right.",
    ),
    "look_alike_id": _error(
        "Two identifiers look the same and are not.",
        "`A1` and `А1` (Cyrillic А), `a` and `a `",
        "Find out whether they are one item.",
    ),
    "wrong_check_digit": _notice(
        "The check digit of an identifier does not fit its digits; taken as it stands, for "
        "the parcel is there all the same and has to be scored.",
        "`CX000000001QM` (5 would be right)",
        "Look for a typing error.",
    ),
    "look_alike": _notice(
        "Two codes look the same and are not; they count as two values.",
        "`QM` and `ＱＭ` (full width), `é` in one and in two characters",
        "Write them alike.",
    ),
    "mixed_script": _notice(
        "Letters of two alphabets in one code; taken as it stands.",
        "`Q` with a Cyrillic `М`",
        "Write it in one alphabet.",
    ),
    "unusual_form": _notice(
        "Characters in full width, in parts (NFD) or otherwise compatible; taken as they stand.",
        "`ＱＭ` · `e` with a separate accent",
        "Save the text in Unicode form NFC.",
    ),
    "spaces_around": _notice("Spaces before or after a code; they are part of it.", "`QM `", "Remove them."),
    "hidden_in_text": _notice(
        "A character that cannot be seen in a free text; taken as it stands.",
        "a line break in a description",
        "Nothing, unless texts look wrong.",
    ),
    "epoch_date": _notice(
        "The day on which computers' clocks begin; often an empty time.",
        "`1970-01-01T00:00:00Z`",
        "Leave unknown times empty.",
    ),
    "future_date": _notice("Later than now.", "a posting date next year", "Check the clock that wrote it."),
    "unmatched_outcome": _notice(
        "Examinations of items that are not among the declarations; not used.",
        "an outcome of an item of last year",
        "Nothing, unless there are many.",
    ),
}


def as_markdown() -> str:
    """The codes as the page ``docs/finding-codes.md``."""
    head = (
        "# Finding codes\n\nWhat `risk check` and every import can answer. "
        "An error keeps the whole data set out; "
        "a notice is listed, and nothing is changed silently.\nMade from `risk/intake/codes.py`.\n\n"
        "| code | severity | meaning | example | what to do |\n|---|---|---|---|---|\n"
    )
    return head + "".join(
        f"| `{name}` | {c.severity} | {c.meaning} | {c.example} | {c.todo} |\n" for name, c in CODES.items()
    )
