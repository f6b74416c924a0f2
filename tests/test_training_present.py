"""What the training pages say: no score before the first answer, every text literal, no false zero."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from data_synthetic.world import load_world
from risk.classroom import control, rules
from risk.classroom import events as ev
from risk.classroom.board import board
from risk.classroom.debrief import card, report
from risk.errors import ClassRefused
from risk.explanation import Reason
from risk.ui import i18n
from risk.ui.present.item import FieldRow, ItemView, Section
from risk.ui.present.training_board import board_view
from risk.ui.present.training_card import card_html
from risk.ui.present.training_report import annex_csv, annex_json, report_html, story_of
from risk.ui.present.training_trainee import trainee_view
from risk.ui.present.training_words import SCHEME_TITLES
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


ENGLISH = re.compile(r"\b(the|and|with|your|you|of|is|are|not|to|who|was|were|where|this|it|by|than)\b", re.I)


@pytest.fixture
def french():
    before = i18n._asked[0]
    i18n.speak(lambda: "fr")
    yield
    i18n.speak(before)


def test_a_french_reader_reads_no_english(lesson: Play, french) -> None:
    """Also in what is put together at run time: intervals, verdicts, refusals, lists."""

    def vue(item_id: str) -> ItemView:
        reason = Reason("weight", "Poids", "weight", 0.8, "Le poids est bas", "augmente la cote 2,2×")
        return ItemView(item_id, "m", 0.1, "Parmi de tels envois, 1 sur 100", "b", "t", "r", (), (reason,), (),
                        3, (), ())  # fmt: skip

    def story(item_id: str):
        return story_of(lesson.room, item_id, scheme="unwitting", altered=("Poids",), view=vue(item_id))

    told = replace(report(lesson.room), title="Lundi")
    said = [report_html(told, "S", story), report_html(report(play_lesson("taster-10", 3).room), "", story),
            card_html(card(lesson.room, lesson.room.seats["s0"]), lambda i: "Le poids")]  # fmt: skip
    for people in (3, 6):
        room = play_closed(people)
        said += [repr(board_view(board(room), "tiny")), repr(trainee_view(room, room.seats["p0"], vue))]
    for rule, wanted in ((control.go_on, {"to": 9}), (control.extend, {"seconds": 60})):
        with pytest.raises(ClassRefused) as refused:
            rule(play_closed(1), **wanted)
        said.append(i18n.told(refused.value))
    for text in said:
        left = set(ENGLISH.findall(re.sub(r"<[^>]*>", " ", text)))
        assert not left, f"{left} in: {text[:200]}"


def test_every_scheme_that_ships_has_a_title() -> None:
    assert set(SCHEME_TITLES) == {scheme.key for scheme in load_world("teaching").schemes}


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
