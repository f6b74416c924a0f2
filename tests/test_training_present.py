"""What the training pages say: no score before the first answer, every text literal, no false zero."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from risk.classroom import control, rules
from risk.classroom import events as ev
from risk.classroom.board import board
from risk.classroom.debrief import card, report
from risk.explanation import Reason
from risk.ui.present.item import FieldRow, ItemView, Section
from risk.ui.present.training_board import board_view
from risk.ui.present.training_card import card_html
from risk.ui.present.training_report import annex_csv, annex_json, report_html, story_of
from risk.ui.present.training_trainee import trainee_view
from risk.workbench import formula_safe
from tests.fixtures_classroom import Play, play_lesson
from tests.test_classroom_engine import go, say, sit

HOSTILE = "<script>alert(1)</script>"


def view(item_id: str) -> ItemView:
    reason = Reason("weight", "Weight", "weight", 0.8, f"SECRET-REASON {HOSTILE}", "raises the odds 2.2×")
    rows = (FieldRow("Description", f"toys {HOSTILE}", "", mark="up"),)
    return ItemView(item_id, "m", 0.1, "SECRET-SCORE of 100 such items are irregular", "b", "t", "r",
                    (Section("Contents", rows),), (reason,), (), 3, (), ("SECRET-UNSEEN",))  # fmt: skip


def seen(play: Play, seat: str = "a"):
    return trainee_view(play.room, play.room.seats[seat], view)


def test_nothing_of_the_score_is_shown_before_the_first_answer() -> None:
    play = Play()
    sit(play, "a")
    go(play, 3)
    play.take(control.next_item(play.room, item=0))
    before = seen(play)
    assert before.does == "answer" and before.advice is None
    assert "SECRET" not in repr(before) and "mark='up'" not in repr(before), "not even the model's marks"
    say(play, "a", "release")
    after = seen(play)
    assert after.does == "revise" and "SECRET-SCORE" in after.advice.sentence
    assert "SECRET-REASON" not in repr(after), "reasons are opened by a click of their own"
    item = play.room.setup.sets[3][0][0]
    play.take(rules.look(play.room, ev.Looked("a", 3, item)))
    assert "SECRET-REASON" in repr(seen(play)) and "SECRET-UNSEEN" in repr(seen(play))


@pytest.mark.parametrize(("step", "shows"), [(4, False), (5, True)])
def test_a_block_without_the_score_never_shows_it(step: int, shows: bool) -> None:
    play = Play()
    sit(play, "a")
    go(play, step)
    for _ in range(4):
        assert "SECRET" not in repr(seen(play))
        say(play, "a")
        if shows:
            assert "SECRET-SCORE" in repr(seen(play)) and "SECRET-REASON" not in repr(seen(play))
            say(play, "a")
    assert seen(play).does == "done" and "SECRET" not in repr(seen(play))


def test_truth_is_told_after_warm_ups_and_on_the_trainers_word_only() -> None:
    play = Play()
    sit(play, "a")
    go(play, 2)
    say(play, "a", "examine")
    assert seen(play).feedback is None
    say(play, "a", "examine")
    assert seen(play).feedback.right, "the first warm-up item is irregular"
    go(play, 3)
    play.take(control.next_item(play.room, item=0))
    say(play, "a")
    play.take(control.close_item(play.room))
    assert seen(play).feedback is not None
    item = play.room.setup.sets[3][0][0]
    play.take(control.show_truth(play.room, item_id=item, shown=False))
    assert seen(play).feedback is None


@pytest.fixture(scope="module")
def lesson() -> Play:
    return play_lesson("lesson-90", 12)


def test_every_text_of_report_and_card_is_shown_literally(lesson: Play) -> None:
    told = replace(report(lesson.room), title=HOSTILE)

    def story(item_id: str):
        return story_of(lesson.room, item_id, scheme=HOSTILE, altered=(HOSTILE,), view=view(item_id))

    page = report_html(told, "SEAL", story)
    mine = card_html(card(lesson.room, lesson.room.seats["s0"]), lambda item_id: HOSTILE)
    for text in (page, mine):
        assert "<script" not in text and "&lt;script&gt;" in text
    for words in ("How to read it", "What the score changed", "Limits", "A discussion in four steps", "SEAL"):
        assert words in page
    assert "None" not in re.sub(r"<[^>]*>", " ", page + mine) and "nan" not in (page + mine).lower().split()
    assert not [s.pseudonym for s in lesson.room.present if s.pseudonym in page]


def test_the_annex_is_whole_and_formula_safe(lesson: Play) -> None:
    told = report(lesson.room)
    table = formula_safe(annex_csv(told))
    assert {"hit_rate", "rair", "rsr", "alpha", "cost_alone"} <= set(table["measure"])
    assert (table["value"].isna() == (table["why"] != "")).all(), "a figure, or the name of what is missing"
    assert '"people"' in annex_json(told)


def test_the_board_names_what_it_hides() -> None:
    few = board_view(board(play_closed(3)), "tiny")
    assert any("from 5 people" in line for line in few.lines)
    many = board_view(board(play_closed(6)), "tiny")
    assert any("gave the same answer" in line for line in many.lines)


def play_closed(people: int):
    play = Play()
    names = [f"p{n}" for n in range(people)]
    sit(play, *names)
    go(play, 3)
    play.take(control.next_item(play.room, item=0))
    for name in names:
        say(play, name)
        say(play, name)
    play.take(control.close_item(play.room))
    return play.room
