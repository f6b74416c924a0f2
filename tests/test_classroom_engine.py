"""The session engine: replay, prefixes, duplicates, and every rule about who may do what when."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.classroom import Recorded, control, fold, rules
from risk.classroom import events as ev
from risk.classroom.plan import ACTIONS, CONFIDENCES, PLANS, TAGS, plan_from, ready_plan, setup_from, williams
from risk.errors import BadSetting, ClassRefused, Refused, RiskError
from tests.fixtures_classroom import PLAN, Play, make_setup


def sit(play: Play, *names: str) -> None:
    for name in names:
        play.take(rules.join(play.room, name, token_hash=f"hash-{name}"))


def go(play: Play, step: int) -> None:
    while play.room.stage.step < step:
        play.take(control.go_on(play.room, to=play.room.stage.step + 1))


def say(play: Play, seat: str, action: str = "release", key: str = "", confidence: int = 70) -> list:
    place = rules.place_of(play.room, play.room.seats[seat])
    kind = ev.Revised if place.does == "revise" else ev.Answered
    rule = rules.revise if place.does == "revise" else rules.answer
    return play.take(
        rule(play.room, kind(seat, place.step, place.item_id, action, confidence), key=key), key=key
    )


# ---------------------------------------------------------------------------------------- properties

MOVE = st.one_of(
    st.tuples(st.just("join"), st.integers(0, 5)),
    st.tuples(st.just("step"), st.just(0)),
    st.tuples(st.just("next"), st.just(0)),
    st.tuples(st.just("close"), st.just(0)),
    st.tuples(st.just("skip"), st.just(0)),
    st.tuples(st.just("lock"), st.booleans()),
    st.tuples(st.just("remove"), st.integers(0, 5)),
    st.tuples(
        st.just("say"), st.tuples(st.integers(0, 5), st.sampled_from(ACTIONS), st.sampled_from(CONFIDENCES))
    ),
    st.tuples(
        st.just("say"), st.tuples(st.integers(0, 5), st.sampled_from(ACTIONS), st.sampled_from(CONFIDENCES))
    ),
    st.tuples(st.just("look"), st.integers(0, 5)),
    st.tuples(st.just("check"), st.tuples(st.integers(0, 5), st.integers(0, 2))),
)


def move(play: Play, kind: str, value, key: str) -> None:
    """Try one move; a refusal is fine, anything else is not."""
    room = play.room
    try:
        if kind == "join":
            made = (
                rules.join(room, f"s{value}", token_hash=f"h{value}", key=key)
                if f"s{value}" not in room.seats
                else []
            )
        elif kind == "step":
            made = control.go_on(room, to=room.stage.step + 1)
        elif kind == "next":
            made = control.next_item(room, item=room.stage.item + 1)
        elif kind == "close":
            made = control.close_item(room)
        elif kind == "skip":
            made = control.skip_item(room)
        elif kind == "lock":
            made = control.lock(room, locked=value)
        elif kind == "remove":
            made = control.remove(room, seat=f"s{value}")
        elif kind == "check":
            made = rules.check(room, ev.Checked(f"s{value[0]}", "reason", value[1]), key=key)
        else:
            seat = f"s{value[0] if kind == 'say' else value}"
            if seat not in room.seats:
                return
            place = rules.place_of(room, room.seats[seat])
            if kind == "look":
                made = rules.look(room, ev.Looked(seat, place.step, place.item_id), key=key)
            elif place.does == "revise":
                made = rules.revise(room, ev.Revised(seat, place.step, place.item_id, *value[1:]), key=key)
            else:
                made = rules.answer(room, ev.Answered(seat, place.step, place.item_id, *value[1:]), key=key)
    except RiskError:
        return
    play.take(made, key)


@settings(max_examples=60)
@given(st.lists(MOVE, max_size=60))
def test_any_session_replays_from_any_prefix_and_through_json(moves) -> None:
    play = Play()
    for number, (kind, value) in enumerate(moves):
        move(play, kind, value, f"k{number}")
    assert fold(play.record) == play.room
    stored = [
        Recorded(
            r.seq, r.at, ev.event_from(r.event.name, json.loads(json.dumps(ev.payload_of(r.event)))), r.key
        )
        for r in play.record
    ]
    assert fold(stored) == play.room
    half = len(play.record) // 2
    room = fold(play.record[:half])
    from risk.classroom import apply

    for one in play.record[half:]:
        room = apply(room, one)
    assert room == play.room


@settings(max_examples=60)
@given(st.lists(MOVE, max_size=60))
def test_a_submission_sent_again_changes_nothing(moves) -> None:
    play = Play()
    for number, (kind, value) in enumerate(moves):
        move(play, kind, value, f"k{number}")
        again = play.record[-1]
        if again.key:
            rule = {
                "answered": rules.answer,
                "revised": rules.revise,
                "looked": rules.look,
                "checked": rules.check,
            }
            if again.event.name in rule:
                assert rule[again.event.name](play.room, again.event, key=again.key) == []
    for seat in play.room.present:
        for (step, item_id), answer in seat.answers.items():
            told = [
                r.event
                for r in play.record
                if r.event.name == "answered"
                and r.event.seat == seat.seat_id
                and (r.event.step, r.event.item_id) == (step, item_id)
            ]
            assert len(told) == 1 and told[0].action == answer.first, "the first answer stands, once"
            assert answer.final == "" or play.room.mode(seat, step).advice != "none"
            assert answer.final == "" or answer.final_at > answer.at
            assert not answer.looked_at or play.room.mode(seat, step).advice == "why"
        for number, step in enumerate(PLAN.steps):
            if step.capacity:
                assert rules.used_capacity(play.room, seat, number) <= step.capacity


def test_a_gap_or_a_repeat_in_the_record_is_refused() -> None:
    play = Play()
    sit(play, "a")
    with pytest.raises(Refused, match="not whole"):
        fold(play.record[1:])
    with pytest.raises(Refused, match="not whole"):
        fold([*play.record, play.record[-1]])


# ---------------------------------------------------------------------------------------- joining


def test_groups_stay_of_equal_size_and_names_differ() -> None:
    play = Play()
    sit(play, *(f"s{i}" for i in range(12)))
    groups = [s.group for s in play.room.present]
    assert sorted(groups.count(g) for g in range(3)) == [4, 4, 4]
    assert len({s.pseudonym for s in play.room.present}) == 12


def test_nobody_joins_after_the_lock_or_when_it_is_full_or_over() -> None:
    play = Play()
    play.take(control.lock(play.room, locked=True))
    with pytest.raises(ClassRefused, match="closed the door"):
        sit(play, "a")
    play.take(control.lock(play.room, locked=False))
    sit(play, *(f"s{i}" for i in range(rules.MAX_SEATS)))
    with pytest.raises(ClassRefused, match="seats are taken"):
        sit(play, "one more")
    play.take(control.end(play.room))
    with pytest.raises(ClassRefused, match="over"):
        sit(play, "one more")


def test_a_token_finds_its_seat_until_the_seat_is_removed() -> None:
    play = Play()
    sit(play, "a")
    assert rules.seat_by_token(play.room, "hash-a").seat_id == "a"
    with pytest.raises(ClassRefused, match="no seat"):
        rules.seat_by_token(play.room, "hash-b")
    play.take(control.remove(play.room, seat="a"))
    with pytest.raises(ClassRefused, match="taken this seat out"):
        rules.seat_by_token(play.room, "hash-a")
    assert play.room.present == []


def test_a_late_joiner_enters_at_the_next_item() -> None:
    play = Play()
    sit(play, "a")
    go(play, 3)
    play.take(control.next_item(play.room, item=0))
    sit(play, "late")
    assert rules.place_of(play.room, play.room.seats["late"]).does == "wait"
    with pytest.raises(ClassRefused, match="not open"):
        item = play.room.setup.sets[3][0][0]
        rules.answer(play.room, ev.Answered("late", 3, item, "release", 70))
    play.take(control.next_item(play.room, item=1))
    assert rules.place_of(play.room, play.room.seats["late"]).does == "answer"


# ---------------------------------------------------------------------------------------- answering


def test_commit_comes_before_advice_and_both_answers_are_kept() -> None:
    play = Play()
    sit(play, "a")
    go(play, 3)
    play.take(control.next_item(play.room, item=0))
    item = play.room.setup.sets[3][0][0]
    with pytest.raises(ClassRefused, match="first answer first"):
        rules.revise(play.room, ev.Revised("a", 3, item, "examine", 90))
    with pytest.raises(ClassRefused, match="first answer first"):
        rules.look(play.room, ev.Looked("a", 3, item))
    say(play, "a", "release")
    with pytest.raises(ClassRefused, match="your answer already"):
        rules.answer(play.room, ev.Answered("a", 3, item, "examine", 90))
    play.take(rules.look(play.room, ev.Looked("a", 3, item)))
    say(play, "a", "examine", confidence=90)
    kept = play.room.seats["a"].answers[3, item]
    assert (kept.first, kept.confidence, kept.final, kept.final_confidence) == ("release", 70, "examine", 90)
    assert kept.at < kept.looked_at < kept.final_at
    with pytest.raises(ClassRefused, match="already"):
        rules.revise(play.room, ev.Revised("a", 3, item, "release", 50))


def test_a_closed_item_takes_no_answer_and_says_its_truth_where_the_plan_says_so() -> None:
    play = Play()
    sit(play, "a", "b")
    go(play, 3)
    play.take(control.next_item(play.room, item=0))
    item = play.room.setup.sets[3][0][0]
    with pytest.raises(ClassRefused, match="still open"):
        control.show_truth(play.room, item_id=item, shown=True)
    say(play, "a")
    play.take(control.close_item(play.room))
    assert play.room.truth[item]
    with pytest.raises(ClassRefused, match="closed"):
        rules.answer(play.room, ev.Answered("b", 3, item, "release", 70))
    assert rules.place_of(play.room, play.room.seats["a"]).does == "see"
    play.take(control.show_truth(play.room, item_id=item, shown=False))
    assert not play.room.truth[item]


def test_a_skipped_item_is_noted() -> None:
    play = Play()
    sit(play, "a")
    go(play, 3)
    play.take(control.next_item(play.room, item=0))
    play.take(control.skip_item(play.room))
    assert play.room.skipped == {(3, play.room.setup.sets[3][0][0])}


def test_a_soft_timer_ends_nothing_by_itself_and_can_be_extended() -> None:
    play = Play()
    sit(play, "a")
    go(play, 3)
    play.take(control.next_item(play.room, item=0))
    ends = play.room.stage.ends_at
    play.take(control.extend(play.room, seconds=60))
    assert play.room.stage.ends_at == ends + 60
    play.now += 10_000
    assert say(play, "a")
    with pytest.raises(BadSetting):
        control.extend(play.room, seconds=0)


def test_self_paced_people_go_at_their_own_speed_in_their_own_set() -> None:
    play = Play()
    sit(play, "a", "b", "c")
    go(play, 4)
    for _ in range(3):
        say(play, "a")
    assert rules.place_of(play.room, play.room.seats["a"]).number == 4
    assert rules.place_of(play.room, play.room.seats["b"]).number == 1
    seats = play.room.seats
    for step in (4, 5):
        assert len({play.room.items_of(s, step) for s in seats.values()}) == 3, "three groups, three sets"
    assert all(not set(play.room.items_of(s, 4)) & set(play.room.items_of(s, 5)) for s in seats.values())
    play.take(control.set_window(play.room, closed=True))
    assert rules.place_of(play.room, play.room.seats["a"]).does == "wait"
    with pytest.raises(ClassRefused, match="closed"):
        say(play, "a")
    play.take(control.set_window(play.room, closed=False))
    assert say(play, "a")
    assert rules.place_of(play.room, play.room.seats["a"]).does == "done"


def test_capacity_is_a_limit() -> None:
    play = Play()
    sit(play, "a")
    go(play, 6)
    say(play, "a", "examine")
    say(play, "a", "examine")
    say(play, "a", "examine")
    with pytest.raises(ClassRefused, match="all 1 examinations are used"):
        say(play, "a", "examine")
    assert say(play, "a", "release")


@pytest.mark.parametrize(
    "change",
    [
        dict(action="perhaps"),
        dict(confidence=49),
        dict(tags=("value", "value")),
        dict(tags=TAGS[:3]),
        dict(tags=("colour",)),
    ],
)
def test_an_answer_is_made_of_known_words(change) -> None:
    play = Play()
    sit(play, "a")
    go(play, 2)
    item = play.room.items_of(play.room.seats["a"], 2)[0]
    given = dict(seat="a", step=2, item_id=item, action="release", confidence=70, tags=()) | change
    with pytest.raises(BadSetting):
        rules.answer(play.room, ev.Answered(**given))


def test_questions_are_asked_in_their_step_only_and_the_first_answer_counts() -> None:
    play = Play()
    sit(play, "a")
    with pytest.raises(ClassRefused, match="not asked now"):
        rules.check(play.room, ev.Checked("a", "reason", 1))
    go(play, 1)
    play.take(rules.check(play.room, ev.Checked("a", "reason", 1)))
    assert rules.check(play.room, ev.Checked("a", "reason", 2)) == []
    with pytest.raises(BadSetting):
        rules.check(play.room, ev.Checked("a", "reason", 3))
    go(play, 8)
    play.take(rules.exit_answer(play.room, ev.Exited("a", "trust", 4)))
    assert play.room.seats["a"].exits == {"trust": 4}


def test_a_double_click_of_the_trainer_does_not_skip_a_step() -> None:
    play = Play()
    assert control.go_on(play.room, to=1) == [ev.Stepped(1)]
    go(play, 1)
    assert control.go_on(play.room, to=1) == []
    with pytest.raises(ClassRefused, match="next step is 2"):
        control.go_on(play.room, to=3)
    with pytest.raises(ClassRefused, match="no items"):
        control.next_item(play.room, item=0)
    go(play, 3)
    with pytest.raises(ClassRefused, match="next item is 1"):
        control.next_item(play.room, item=2)


# ---------------------------------------------------------------------------------------- plans


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_williams_orders_are_balanced(n: int) -> None:
    rows = williams(n)
    for place in range(n):
        assert len({tuple(r).index(c) for r in rows for c in range(n)}) == n
        assert {[r[place] for r in rows].count(c) for c in range(n)} == {len(rows) // n}
    pairs = [(r[i], r[i + 1]) for r in rows for i in range(n - 1)]
    assert {pairs.count((a, b)) for a in range(n) for b in range(n) if a != b} == {
        len(rows) * (n - 1) // (n * (n - 1))
    }


def test_study_mode_gives_every_order_to_equally_many() -> None:
    play = Play(make_setup(study=True))
    sit(play, *(f"s{i}" for i in range(6)))
    modes = [tuple(play.room.mode_of(s, step) for step in (4, 5)) for s in play.room.present]
    assert sorted(set(modes)) == [("BLIND", "SCORE"), ("SCORE", "BLIND")]
    assert {modes.count(m) for m in modes} == {3}


@pytest.mark.parametrize("name", PLANS)
def test_ready_plans_are_whole_and_survive_storage(name: str) -> None:
    from dataclasses import asdict

    plan = ready_plan(name)
    kinds = [s.kind for s in plan.steps]
    assert kinds[0] == "lobby" and kinds[-2:] == ["debrief", "exit"] and "check" in kinds
    assert plan_from(json.loads(json.dumps(asdict(plan)))) == plan
    setup = make_setup(plan)
    assert setup_from(json.loads(json.dumps(setup.payload()))) == setup
