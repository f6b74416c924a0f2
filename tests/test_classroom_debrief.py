"""The debrief of whole lessons: what the report and the cards say, and what they withhold."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from risk.classroom import Plan, Recorded, Step, apply, control, fold, rules
from risk.classroom import events as ev
from risk.classroom.board import board
from risk.classroom.debrief import card, report
from tests.fixtures_classroom import Play, make_setup, play_lesson


@pytest.fixture(scope="module")
def lesson() -> Play:
    return play_lesson("lesson-90", 12)


def test_a_ninety_minute_lesson_ends_in_a_report(lesson: Play) -> None:
    told = report(lesson.room)
    assert [row.mode for row in told.table] == ["BLIND", "SCORE", "SCORE_WHY", "BURST", "OPERATIONAL"]
    assert [row.judgements for row in told.table] == [240, 240, 240, 120, 360]
    assert told.table[0].reliance.rair.why == "not_asked" and told.table[1].reliance.rair.known
    assert told.table[2].hit_rate.known and told.table[4].hit_rate.why == "too_few", "12 signals in all"
    changes = {(c.what, c.slice): c.contrast for c in told.changes}
    assert (
        changes["score", "model_right"].verdict == "more"
        and changes["score", "model_wrong"].verdict == "less"
    )
    assert {"cost_alone", "cost_blind", "why_over_score", "blind_to_score", "scheme"} <= {
        w for w, _ in changes
    }
    assert sum(told.moved["SCORE"].values()) == 240 and len(told.talk_about) == 5 and len(told.repeat) == 5
    assert told.curve and told.checks["frequency"].value == 1.0
    json.dumps(asdict(told))
    assert report(fold(lesson.record)) == told, "the same record, the same report"


def test_a_card_tells_its_owner_what_they_did_and_nothing_of_others(lesson: Play) -> None:
    seat = lesson.room.seats["s0"]
    mine = card(lesson.room, seat)
    assert mine.judged == 20 * 3 + 10 + 30 and mine.sensitivity.known and mine.sensitivity.indicative
    assert len(mine.hits) + len(mine.misses) == 30 + 5 + 1
    others = [s.pseudonym for s in lesson.room.present if s.seat_id != "s0"]
    assert not [name for name in others if name in json.dumps(asdict(mine))]


def test_taking_someone_out_changes_no_figure(lesson: Play) -> None:
    """Whoever compares the report before and after learns nothing about the one who left."""
    before, room = report(lesson.room), lesson.room
    for event in control.remove(room, seat="s3"):
        room = apply(room, Recorded(room.seq + 1, lesson.now, event))
    assert replace(report(room), joined=before.joined) == before


def test_a_class_of_four_sees_no_figure_of_people() -> None:
    told = report(play_lesson("lesson-45", 4).room)
    for row in told.table:
        for figure in (row.hit_rate, row.false_alarm_rate, row.accuracy, row.brier, row.cost, row.alpha):
            assert not figure.known and figure.why.startswith("too_few")
    assert not told.moved and not told.curve and not told.talk_about and not told.repeat
    assert {c.contrast.verdict for c in told.changes} == {"too_few"}
    assert all(not s.figure.known for s in (*told.alarms, *told.schemes))


def test_answers_of_a_few_after_the_figures_were_shown_change_no_figure() -> None:
    """A part that is opened again for one more answer would tell that answer by subtraction."""
    play = play_part(6, done=3)
    shown = board(play.room).block
    assert shown.rates["BLIND"][0].known
    again(play, ["s0"])
    assert board(play.room).block == shown
    assert card(play.room, play.room.seats["s0"]).judged == 24, "on one's own card they count"
    again(play, [f"s{i}" for i in range(1, 6)])
    assert board(play.room).block.rates["BLIND"][0].n == 2 * shown.rates["BLIND"][0].n


def play_part(people: int, *, done: int) -> Play:
    """A class whose first `done` pairs of items of a block without advice are judged, and the block closed."""
    plan = Plan("p", 5, (Step("lobby"), Step("block", mode="BLIND", items=40), Step("debrief"))).check()
    play = Play(make_setup(plan))
    for i in range(people):
        play.take(rules.join(play.room, f"s{i}", token_hash=f"s{i}"))
    play.take(control.go_on(play.room, to=1))
    for i in range(people):
        judge_some(play, f"s{i}", 4 * done)
    play.take(control.set_window(play.room, closed=True))
    return play


def judge_some(play: Play, seat: str, count: int) -> None:
    for _ in range(count):
        place = rules.place_of(play.room, play.room.seats[seat])
        given = ev.Answered(seat, place.step, place.item_id, "examine", 70)
        play.take(rules.answer(play.room, given))


def again(play: Play, seats: list[str]) -> None:
    play.take(control.set_window(play.room, closed=False))
    for seat in seats:
        judge_some(play, seat, 12)
    play.take(control.set_window(play.room, closed=True))


def test_a_study_shows_no_figures_before_the_debrief() -> None:
    """Each of its blocks holds parts of several modes, and a part of few is the total less the others."""
    play = play_lesson("lesson-45", 15, study=True, until="block")
    play.take(control.set_window(play.room, closed=True))
    assert board(play.room).block is None
    while play.room.step.kind != "debrief":
        play.take(control.go_on(play.room, to=play.room.stage.step + 1))
    assert board(play.room).block is not None


def test_last_questions_are_told_when_no_more_answers_can_come() -> None:
    play = play_lesson("taster-10", 6)
    play.take(control.go_on(play.room, to=play.room.stage.step + 1))
    for i in range(6):
        play.take(rules.exit_answer(play.room, ev.Exited(f"s{i}", "trust", 2)))
    assert report(play.room).exits["trust"] == {}
    play.take(control.end(play.room))
    assert report(play.room).exits["trust"] == {2: 6}
