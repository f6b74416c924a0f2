"""What the commands share: three forms of a table, and no bars where nobody watches."""

from __future__ import annotations

import io
import json

import pandas as pd
import pytest
import typer

from risk.cli_tools import bar, phases, print_table

TABLE = pd.DataFrame({"word": ["=1+1", "[red]x[/red]"], "n": [1234567, 2], "share": [0.1234567891, 2.0]})


def test_a_table_for_a_person_shows_text_literally(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(TABLE, "table")
    said = capsys.readouterr()
    assert "[red]x[/red]" in said.out and "1,234,567" in said.out and said.err == ""


def test_tables_for_programs_come_back_as_they_were(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(TABLE, "json")
    assert json.loads(capsys.readouterr().out) == TABLE.to_dict("records")
    print_table(TABLE, "csv")
    again = pd.read_csv(io.StringIO(capsys.readouterr().out))
    assert again["word"].tolist() == ["'=1+1", "[red]x[/red]"], "no text is a formula"
    assert again["n"].tolist() == TABLE["n"].tolist()


def test_a_form_that_there_is_not_is_wrong_usage() -> None:
    with pytest.raises(typer.BadParameter, match="expected table, json or csv"):
        print_table(TABLE, "xml")


def test_bars_are_silent_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with bar("Runs") as step, phases("items/s") as told:
        step(1, 2)
        assert told is None
    assert capsys.readouterr() == ("", "")
