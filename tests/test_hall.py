"""The hall: keys and doors, who may do what, one board for all, deletion, a whole class without a browser."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from risk.access import local_actor, make_actor
from risk.classroom import control, ready_plan, rules
from risk.classroom import events as ev
from risk.classroom.names import ALPHABET
from risk.classroom.plan import TAGS
from risk.errors import ClassRefused, NotAllowed, NotFound
from risk.hall import Hall, Key, Order, by_hand, material, read_key
from risk.store import EntryFilter
from risk.workbench import Workspace
from tests.fixtures_classroom import make_pool

ME = local_actor("trainer")


@pytest.fixture
def hall(tmp_path):
    space = Workspace.at(tmp_path)
    with space.store() as store:
        yield Hall(space, store)


def opened(hall: Hall, name: str = "taster-10"):
    return hall.open(Order(ready_plan(name), "Class", seed=3), make_pool(), actor=ME)


def step_to(hall: Hall, made, kind: str) -> None:
    while hall.rooms.room(made.session_id).step.kind != kind:
        hall.direct(made.trainer, control.go_on, to=hall.rooms.room(made.session_id).stage.step + 1)


def say(hall: Hall, key: Key, action: str, *, confidence: int = 70, click: str = "") -> None:
    room, seat = hall.seat(key)
    place = rules.place_of(room, seat)
    kind, rule = (ev.Revised, rules.revise) if place.does == "revise" else (ev.Answered, rules.answer)
    event = lambda s: kind(s, place.step, place.item_id, action, confidence)  # noqa: E731
    hall.answer(key, rule, event, click=click or f"{place.step}-{place.item_id}-{place.does}-{seat.seat_id}")


# ------------------------------------------------------------------------------------------ doors


def test_opening_needs_the_right_and_keeps_only_hashes(hall: Hall, tmp_path) -> None:
    with pytest.raises(NotAllowed, match="may not run a training session"):
        hall.open(Order(ready_plan("taster-10")), make_pool(), actor=make_actor("ann", ["trainee"]))
    made = opened(hall)
    assert set(made.code) <= set(ALPHABET) and len(made.trainer.secret) == 32
    seat = hall.join(made.code.lower(), visitor="a")
    kept = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    for key in (made.trainer, made.watch, seat):
        assert key.secret.encode() not in kept and read_key(key.text()) == key


def test_codes_cannot_be_guessed_for_long(hall: Hall) -> None:
    made = opened(hall)
    for number in range(10):
        with pytest.raises(ClassRefused, match="no session has this code"):
            hall.join(f"ZZZZZ{number % 8 + 2}", visitor="guesser")
    with pytest.raises(ClassRefused, match="too many wrong codes"):
        hall.join(made.code, visitor="guesser")
    assert hall.join(made.code, visitor="someone else")


def test_sixty_behind_one_address_all_get_in(hall: Hall) -> None:
    made = opened(hall)
    for _ in range(60):
        hall.join(made.code, visitor="one school network")
    assert len(hall.rooms.room(made.session_id).present) == 60


def test_nobody_joins_after_the_lock_or_the_end(hall: Hall) -> None:
    made = opened(hall)
    hall.direct(made.trainer, control.lock, locked=True)
    with pytest.raises(ClassRefused, match="closed the door"):
        hall.join(made.code, visitor="a")
    hall.direct(made.trainer, control.end)
    with pytest.raises(ClassRefused, match="no session has this code"):
        hall.join(made.code, visitor="a")


# ------------------------------------------------------------------------------------------ keys


def test_a_trainees_key_opens_nothing_of_the_trainer(hall: Hall) -> None:
    made = opened(hall)
    seat = hall.join(made.code, visitor="a")
    for act in (
        lambda k: hall.direct(k, control.go_on, to=1),
        lambda k: hall.direct(k, control.end),
        lambda k: hall.direct(k, control.remove, seat="x"),
        hall.side_panel,
        hall.report,
        hall.room_for_trainer,
        hall.erase,
    ):
        for key in (seat, made.watch, Key(made.session_id, ""), Key(made.session_id, "0" * 32)):
            with pytest.raises(NotAllowed):
                act(key)
    with pytest.raises(NotAllowed, match="does not open the board"):
        hall.board(seat)
    assert hall.board(made.watch) == hall.board(made.trainer)


def test_nobody_answers_for_or_reads_the_card_of_another(hall: Hall) -> None:
    made, other = opened(hall), opened(hall)
    one, two = (hall.join(made.code, visitor="a") for _ in range(2))
    step_to(hall, made, "warm_up")
    say(hall, one, "examine")
    assert len(hall.seat(one)[1].answers) == 1 and not hall.seat(two)[1].answers
    with pytest.raises(ClassRefused, match="at the debrief"):
        hall.card(one)
    step_to(hall, made, "debrief")
    assert hall.card(one).pseudonym == hall.seat(one)[1].pseudonym != hall.card(two).pseudonym
    for wrong in (
        made.trainer,
        made.watch,
        Key(made.session_id, "0" * 32),
        Key(other.session_id, one.secret),
    ):
        with pytest.raises(ClassRefused, match="no seat here"):
            hall.card(wrong)
    with pytest.raises(NotFound):
        hall.card(Key("nowhere", one.secret))


def test_there_is_no_report_before_the_debrief(hall: Hall) -> None:
    """Two looks at it, with one answer between them, would tell that answer."""
    made = opened(hall)
    hall.join(made.code, visitor="a")
    step_to(hall, made, "block")
    with pytest.raises(ClassRefused, match="made at the debrief"):
        hall.report(made.trainer)
    step_to(hall, made, "debrief")
    assert hall.report(made.trainer).joined == 1


def test_a_key_of_one_session_directs_no_other(hall: Hall) -> None:
    made, other = opened(hall), opened(hall)
    with pytest.raises(NotAllowed):
        hall.direct(Key(other.session_id, made.trainer.secret), control.end)


# ------------------------------------------------------------------------------------------ boards


def test_boards_share_one_aggregate_a_second(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    import risk.hall.hall as module

    made, calls, now = opened(hall), [], [100.0]
    real = module.board
    monkeypatch.setattr(module, "board", lambda room: calls.append(1) or real(room))
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    hall.board(made.watch)
    for number in range(5):
        hall.join(made.code, visitor=str(number))
        hall.board(made.watch)
    assert len(calls) == 1
    now[0] += 1.0
    assert hall.board(made.trainer).joined == 5 and hall.board(made.watch).joined == 5
    assert len(calls) == 2


def test_an_open_item_shows_how_many_answered_and_nothing_else(hall: Hall) -> None:
    made = opened(hall)
    seats = [hall.join(made.code, visitor="a") for _ in range(6)]
    step_to(hall, made, "block")
    hall.direct(made.trainer, control.next_item, item=0)
    for seat in seats[:4]:
        say(hall, seat, "examine")
        say(hall, seat, "release")
    time.sleep(1.05)
    shown = hall.board(made.watch)
    assert (shown.answered, shown.expected, shown.closed, shown.block) == (4, 6, None, None)
    hall.direct(made.trainer, control.close_item)
    time.sleep(1.05)
    few = hall.board(made.watch).closed
    assert few.why == "too_few_people" and not few.before and few.truth in ("examine", "release")
    hall.direct(made.trainer, control.next_item, item=1)
    for number, seat in enumerate(seats):
        say(hall, seat, "examine" if number < 4 else "release")
        say(hall, seat, "release")
    hall.direct(made.trainer, control.close_item)
    time.sleep(1.05)
    shown = hall.board(made.watch).closed
    assert (
        shown.before == {"examine": 4, "release": 2} and shown.after == {"release": 6} and shown.switched == 4
    )


def test_connected_is_who_has_a_page_open(hall: Hall) -> None:
    made = opened(hall)
    seat = hall.seat(hall.join(made.code, visitor="a"))[1].seat_id
    with hall.connection(made.session_id, seat), hall.connection(made.session_id, seat):
        assert hall.connected(made.session_id) == 1, "two tabs are one person"
    assert hall.connected(made.session_id) == 0 and not hall.is_connected(made.session_id, seat)


# ------------------------------------------------------------------------------------------ forgetting


def test_deletion_leaves_aggregates_only(hall: Hall, tmp_path) -> None:
    made = opened(hall)
    seats = [hall.join(made.code, visitor="a") for _ in range(6)]
    step_to(hall, made, "block")
    hall.direct(made.trainer, control.next_item, item=0)
    for key in seats:
        say(hall, key, "examine")
        say(hall, key, "release")
    step_to(hall, made, "debrief")
    names = [s.pseudonym for s in hall.rooms.room(made.session_id).present]
    before = hall.report(made.trainer)
    hall.erase(made.trainer)
    for act in (
        lambda: hall.report(made.trainer),
        lambda: hall.card(seats[0]),
        lambda: hall.board(made.watch),
    ):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(ClassRefused, match="deleted already"):
        hall.erase(made.trainer)
    kept = json.loads(hall.rooms.header(made.session_id).summary)
    assert kept["joined"] == 6 and len(kept["table"]) == len(before.table)
    files = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert not [n for n in names if n.encode() in files]
    store = hall.rooms._store
    assert [e.event for e in store.entries(EntryFilter(events=("class_erased",))).rows] == ["class_erased"]
    assert store.verify().ok


def test_old_sessions_forget_by_themselves(hall: Hall) -> None:
    made = opened(hall)
    assert hall.erase_old() == []
    assert hall.erase_old(days=-1) == [made.session_id]
    assert hall.erase_old(days=-1) == []


def test_a_server_that_starts_again_goes_on_where_it_was(tmp_path) -> None:
    space = Workspace.at(tmp_path)
    with space.store() as store:
        hall = Hall(space, store)
        made = opened(hall)
        seat = hall.join(made.code, visitor="a")
        step_to(hall, made, "warm_up")
        say(hall, seat, "examine", click="click-1")
        before = hall.seat(seat)
    with space.store() as store:
        hall = Hall(space, store)
        assert hall.seat(seat) == before and hall.is_trainer(made.trainer)
        say(hall, seat, "release")
        hall.direct(made.trainer, control.go_on, to=hall.rooms.room(made.session_id).stage.step + 1)


def test_items_picked_by_hand_are_the_ones_shown(hall: Hall) -> None:
    pool = make_pool()
    picked = tuple(f.item_id for f in pool.facts[10:14])
    made = hall.open(Order(by_hand(4), picked=picked), pool, actor=ME)
    assert hall.rooms.room(made.session_id).setup.sets == {2: (picked,)}
    with pytest.raises(NotFound, match="nowhere"):
        hall.open(Order(by_hand(1), picked=("nowhere",)), pool, actor=ME)


def test_a_report_of_one_group_is_not_found_by_subtraction(hall: Hall) -> None:
    """Routes judged by few are hidden, and so is the route whose figure would give them away."""
    from risk.classroom.debrief import _slices
    from tests.test_classroom_measures import ALARM, judged

    many = [judged(f"s{i}", replace(ALARM, route="QA"), "examine") for i in range(8) for _ in range(5)]
    some = [judged(f"t{i}", replace(ALARM, route="QB"), "examine") for i in range(6) for _ in range(6)]
    few = [judged(f"u{i}", replace(ALARM, route="QC"), "examine") for i in range(2)]
    told = {s.name: s for s in _slices([*many, *some, *few], key=lambda j: j.item.route, good=lambda j: True)}
    assert told["QA"].figure.known and not told["QB"].figure.known and not told["QC"].figure.known
    assert told["QC"].people == 0


def test_a_models_reasons_are_told_in_the_words_of_the_tags(model, stream_path):
    """Overlap of reason tags with reasons can only be measured where both use the same words."""
    pool = material.make_pool(model, stream_path)
    told = {concept for fact in pool.facts for concept in fact.concepts}
    assert {"party", "weight"} <= told <= set(TAGS)
