"""Every measure against a fixture worked out by hand, to 1e-12; every least number and every named case."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.classroom.measures import agreement, confidence, contrasts, detection, reliance, worth
from risk.classroom.measures.figure import LEAST, undefined, wilson
from risk.classroom.measures.judged import Judgement, judgements
from risk.classroom.plan import ACTIONS, ItemFacts
from risk.classroom.privacy import K, hidden_groups

EXACT = dict(abs=1e-12, rel=0)
Z = 1.959963984540054  # z(0.975)


def item(number: int, irregular: bool, examine: bool, concepts=("value",)) -> ItemFacts:
    return ItemFacts(f"I{number:03d}", irregular, examine, 0.2, 0.3, "QM", concepts)


def judged(seat: str, about: ItemFacts, first: str, final: str = "", **more) -> Judgement:
    given = dict(mode="SCORE_WHY" if final else "BLIND", first_confidence=0.7, confidence=0.7) | more
    return Judgement(seat, about, 3, advised=bool(final), first=first, final=final or first, **given)


FLAGGED, MISSED = item(1, True, True), item(2, True, False)  # irregular: advice right, wrong
ALARM, PASSED = item(3, False, True), item(4, False, False)  # regular: advice wrong, right
E, R = ACTIONS


# ------------------------------------------------------------------------------------------ detection


def test_wilson_by_hand() -> None:
    p, n = 0.9, 10
    middle = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
    reach = Z * math.sqrt(p * (1 - p) / n + Z**2 / (4 * n * n)) / (1 + Z**2 / n)
    found = wilson(9, 10)
    assert found.value == pytest.approx(0.9, **EXACT)
    assert found.low == pytest.approx(middle - reach, **EXACT)
    assert found.high == pytest.approx(middle + reach, **EXACT)
    assert (found.low, found.high) == pytest.approx((0.5958499732047615, 0.9821237869049271), **EXACT)
    assert wilson(0, 0).why == "no_items"


def test_sensitivity_by_hand() -> None:
    """9 of 10 signals, 3 of 10 noises: H' = 9.5/11, F' = 3.5/11."""
    d, c, se = detection.log_linear(9, 10, false_alarms=3, noises=10)
    assert d == pytest.approx(1.0968035620935133 + 0.472789120992267, **EXACT)
    assert c == pytest.approx(-0.5 * (1.0968035620935133 - 0.472789120992267), **EXACT)
    density = NormalDist().pdf
    h, f = 9.5 / 11, 3.5 / 11
    by_hand = h * (1 - h) / (11 * density(1.0968035620935133) ** 2)
    by_hand += f * (1 - f) / (11 * density(0.472789120992267) ** 2)
    assert se == pytest.approx(math.sqrt(by_hand), **EXACT)
    shown = detection.sensitivity(9, 10, false_alarms=3, noises=10)
    assert (shown.low, shown.high) == pytest.approx((d - Z * se, d + Z * se), **EXACT)
    assert shown.indicative and shown.n == 20
    bias = detection.criterion(9, 10, false_alarms=3, noises=10)
    assert (bias.low, bias.high) == pytest.approx((c - Z * se / 2, c + Z * se / 2), **EXACT)


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        ((9, 9, 3, 40), "too_few"),
        ((9, 40, 3, 9), "too_few"),
        ((0, 20, 0, 20), "same_answer"),
        ((20, 20, 20, 20), "same_answer"),
        ((20, 20, 0, 20), ""),
        ((0, 20, 20, 20), ""),
    ],
)
def test_sensitivity_is_named_where_it_is_not_defined(counts, why: str) -> None:
    h, s, f, n = counts
    for measure in (detection.sensitivity, detection.criterion):
        found = measure(h, s, false_alarms=f, noises=n)
        assert (found.why, found.known) == (why, not why)


def test_a_figure_from_many_items_is_not_marked_indicative() -> None:
    assert detection.sensitivity(30, 39, false_alarms=5, noises=40).indicative
    assert not detection.sensitivity(30, 40, false_alarms=5, noises=40).indicative


def test_class_rates_need_people_and_opportunities() -> None:
    few = [judged(f"s{i % 4}", FLAGGED, E) for i in range(40)]
    assert [f.why for f in detection.class_rates(few)] == ["too_few_people", "too_few_people"]
    short = [judged(f"s{i % 5}", FLAGGED, E) for i in range(29)]
    assert detection.class_rates(short)[0].why == "too_few"
    enough = [judged(f"s{i % 5}", FLAGGED, E if i % 3 else R) for i in range(30)]
    hit, false = detection.class_rates(enough)
    assert hit.value == pytest.approx(20 / 30, **EXACT) and false.why == "too_few_people"


# ------------------------------------------------------------------------------------------ reliance

#: (item, first, final), how often; worked out by hand below
STORY = [
    ((FLAGGED, R, E), 8),  # rescued
    ((FLAGGED, R, R), 4),  # stayed wrong
    ((MISSED, E, R), 6),  # talked out of it
    ((MISSED, E, E), 5),  # resisted
    ((ALARM, R, E), 3),  # talked out of it
    ((ALARM, R, R), 1),  # resisted
    ((PASSED, R, R), 7),  # agreed
    ((PASSED, R, E), 1),  # left
]


def story() -> list[Judgement]:
    told = [case for case, times in STORY for _ in range(times)]
    return [judged(f"s{number % 6}", *case) for number, case in enumerate(told)]


def test_reliance_by_hand() -> None:
    """RAIR 8/12; RSR 6/15; switches (8+6+3)/27; harmful (6+3+1)/35."""
    found = reliance.reliance(story(), of_class=False)
    assert found.rair.value == pytest.approx(8 / 12, **EXACT) and found.rair.n == 12
    assert found.rsr.value == pytest.approx(6 / 15, **EXACT) and found.rsr.n == 15
    assert found.switches.value == pytest.approx(17 / 27, **EXACT)
    assert found.harmful.value == pytest.approx(10 / 35, **EXACT)
    assert reliance.changes(story()) == {
        "rescued": 8, "stayed_wrong": 4, "talked_out": 9, "resisted": 6, "agreed": 7, "left": 1
    }  # fmt: skip


def test_reliance_needs_opportunities_and_names_what_is_missing() -> None:
    of_class = reliance.reliance(story(), of_class=True)
    assert of_class.rair.why == "too_few" and of_class.harmful.known
    assert reliance.reliance([judged("s", FLAGGED, R, E)] * 9, of_class=False).rair.why == "too_few"
    docile = [judged("s", FLAGGED, E, E)] * 20
    assert reliance.reliance(docile, of_class=False).rair.why == "nobody_disagreed"
    assert reliance.reliance(docile, of_class=False).switches.why == "nobody_disagreed"
    never_wrong = [judged("s", MISSED, E, R)] * 20
    assert reliance.reliance(never_wrong, of_class=False).rair.why == "never_wrong_alone"
    assert reliance.reliance([judged("s", FLAGGED, R, E)] * 20, of_class=False).rsr.why == "never_right_alone"
    assert reliance.reliance([judged("s", FLAGGED, R)] * 20, of_class=False).rair.why == "not_asked"
    four_people = [judged(f"s{i % 4}", FLAGGED, R, E) for i in range(40)]
    assert reliance.reliance(four_people, of_class=True).rair.why == "too_few_people"
    assert reliance.reliance(four_people, of_class=True).rsr.why == "too_few_people", "not: never right alone"


# ------------------------------------------------------------------------------------------ confidence


def test_confidence_by_hand() -> None:
    """Said .9 right, .9 wrong, .6 right, .5 wrong, each three times: Brier = (.01+.81+.16+.25)/4."""
    told = [(FLAGGED, E, 0.9), (FLAGGED, R, 0.9), (FLAGGED, E, 0.6), (FLAGGED, R, 0.5)] * 3
    given = [judged("s", about, said, confidence=c) for about, said, c in told]
    assert confidence.brier(given).value == pytest.approx((0.01 + 0.81 + 0.16 + 0.25) / 4, **EXACT)
    over = confidence.over_confidence(given)
    right = wilson(6, 12)
    assert over.value == pytest.approx(0.725 - 0.5, **EXACT)
    assert (over.low, over.high) == pytest.approx((0.725 - right.high, 0.725 - right.low), **EXACT)
    assert confidence.histogram(given) == {50: 3, 60: 3, 70: 0, 80: 0, 90: 6, 100: 0}
    assert confidence.brier(given[:9]).why == "too_few" and confidence.brier([]).why == "no_items"
    assert confidence.brier(given, of_class=True).why == "too_few_people"


def test_a_calibration_curve_needs_a_hundred_judgements() -> None:
    given = [judged(f"s{i % 5}", FLAGGED, E if i % 10 < 8 else R, confidence=0.8) for i in range(100)]
    assert confidence.curve(given[:99]) == ()
    levels = {round(level.said, 2): level.right for level in confidence.curve(given)}
    assert levels[0.8].value == pytest.approx(0.8, **EXACT) and levels[0.8].n == 100
    assert levels[0.5].why == "no_items" and sorted(levels) == [0.5, 0.6, 0.7, 0.8, 0.9, 1.0]


# ------------------------------------------------------------------------------------------ agreement


def test_alpha_and_ac1_by_hand() -> None:
    """Two people, four items: 0/0, 0/1, 1/1, 0/0.

    Alpha: observed disagreement 1/4; n0 = 5, n1 = 3 of 8, expected 2·5·3/(8·7) = 15/28; 1 − (1/4)/(15/28).
    AC1: p_a = 3/4, π0 = 5/8, p_e = 2·(5/8)(3/8); (p_a − p_e)/(1 − p_e).
    """
    matrix = np.array([[0.0, 0, 1, 0], [0, 1, 1, 0]])
    value, _ = agreement.jackknife_alpha(matrix)
    assert value == pytest.approx(1 - (1 / 4) / (15 / 28), **EXACT)
    chance = 2 * (5 / 8) * (3 / 8)
    assert agreement.gwet(matrix) == pytest.approx((3 / 4 - chance) / (1 - chance), **EXACT)


def test_the_jackknife_leaves_out_one_item_at_a_time() -> None:
    """Without item 1 (or 4): 1 − (1/3)/(3/5) = 4/9; without 2: all agree, 1; without 3: 0."""
    _, se = agreement.jackknife_alpha(np.array([[0.0, 0, 1, 0], [0, 1, 1, 0]]))
    left = [4 / 9, 1.0, 0.0, 4 / 9]
    mean = sum(left) / 4
    assert se == pytest.approx(math.sqrt(3 / 4 * sum((a - mean) ** 2 for a in left)), **EXACT)


def test_missing_answers_are_left_out_of_agreement() -> None:
    """AC1 with a third item that only one person answered: it counts for π, not for p_a."""
    matrix = np.array([[0.0, 0, 1], [0, 1, np.nan]])
    share = (1 + 0.5 + 0) / 3
    chance = 2 * share * (1 - share)
    assert agreement.gwet(matrix) == pytest.approx((1 / 2 - chance) / (1 - chance), **EXACT)


def test_agreement_needs_items_and_people_and_names_unanimity() -> None:
    rng = np.random.default_rng(7)
    enough = rng.integers(0, 2, (5, 20)).astype(float)
    assert agreement.alpha(enough).known and agreement.ac1(enough).known
    assert agreement.alpha(enough[:4]).why == agreement.ac1(enough[:4]).why == "too_few_people"
    assert agreement.alpha(enough[:, :19]).why == "too_few"
    same = np.zeros((5, 20))
    assert agreement.alpha(same).why == "same_answer"
    assert agreement.ac1(same).value == pytest.approx(1.0, **EXACT)


# ------------------------------------------------------------------------------------------ worth


def test_costs_by_hand() -> None:
    """A miss costs 10, a needless examination 1. People: 10 + 0 + 1 + 0; score alone: 0 + 10 + 1 + 0."""
    given = [judged("s", FLAGGED, R), judged("s", MISSED, E), judged("s", ALARM, E), judged("s", PASSED, R)]
    assert worth.mean_cost(given, cost_miss=10).value == pytest.approx(11 / 4, **EXACT)
    assert worth.advice_cost(given, cost_miss=10).value == pytest.approx(11 / 4, **EXACT)
    assert worth.mean_cost(given[1:], cost_miss=10).value == pytest.approx(1 / 3, **EXACT)
    assert worth.advice_cost(given[1:], cost_miss=10).value == pytest.approx(11 / 3, **EXACT)
    assert worth.mean_cost([], cost_miss=10).why == "no_items"


def test_use_of_the_explanation_by_hand() -> None:
    about = replace(FLAGGED, concepts=("value", "route"))
    seconds = [2.0, 4.0, 9.0, 3.0, 30.0, None]
    given = [
        judged(f"s{i}", about, R, E, looked=s, tags=("value",) if i < 2 else ("text", "none"))
        for i, s in enumerate(seconds)
    ]
    assert worth.opened(given).value == pytest.approx(5 / 6, **EXACT)
    assert worth.opened_seconds(given).value == pytest.approx(4.0, **EXACT)
    assert worth.tag_overlap(given).value == pytest.approx(2 / 6, **EXACT)
    assert worth.opened(given[:4]).why == "too_few_people"
    assert worth.opened([judged("s", FLAGGED, R)]).why == "not_asked"
    assert worth.tag_overlap([judged("s", FLAGGED, R, tags=("none",))]).why == "no_items"


# ------------------------------------------------------------------------------------------ contrasts


def sides(people: int, items: int, gain: float, seed: int = 3):
    """Two sides in which `gain` more answers are right afterwards, with noise."""
    rng = np.random.default_rng(seed)
    before, after = [], []
    for p in range(people):
        for i in range(items):
            about = item(i, True, True)
            right = rng.random() < 0.4
            better = right or rng.random() < gain
            for side, good in ((before, right), (after, better)):
                j = judged(f"s{p}", about, E if good else R)
                side.append((j, float(j.correct)))
    return before, after


def test_a_contrast_by_hand() -> None:
    """Mean over people of their own differences: (1/2 − 0) and (1 − 1/2) → 0.5, whatever the item numbers."""
    before = [(judged("a", item(i, True, True), R), 0.0) for i in range(30)]
    after = [(judged("a", item(i, True, True), E if i % 2 else R), float(i % 2)) for i in range(30)]
    crowd_before, crowd_after = [], []
    for name in "abcde":
        crowd_before += [(replace(j, seat=name), v) for j, v in before]
        crowd_after += [(replace(j, seat=name), v) for j, v in after]
    found = contrasts.contrast(crowd_before, crowd_after, seed=1)
    assert found.figure.value == pytest.approx(0.5, **EXACT) and found.people == 5
    assert found.figure.low < 0.5 < found.figure.high, "items are a sample, so there is an interval"


def test_contrasts_tell_an_effect_from_none() -> None:
    assert contrasts.contrast(*sides(12, 20, 0.5), seed=1).verdict == "more"
    before, after = sides(12, 20, 0.5)
    assert contrasts.contrast(after, before, seed=1).verdict == "less"
    assert contrasts.contrast(before, before, seed=1).verdict == "cannot_tell"
    assert contrasts.contrast(*sides(4, 20, 0.5), seed=1).verdict == "too_few"
    assert contrasts.contrast(*sides(5, 5, 0.5), seed=1).figure.why == "too_few"


def test_a_contrast_compares_people_with_themselves_only() -> None:
    before, after = sides(12, 20, 0.5)
    stranger = [(replace(j, seat="stranger"), 0.0) for j, _ in before[:20]]
    assert contrasts.contrast(before + stranger, after, seed=1) == contrasts.contrast(before, after, seed=1)


def test_intervals_cover_zero_when_nothing_changed() -> None:
    """40 classes where both sides have the same chance: at most 5 of them may claim an effect (p < 0.05)."""
    claims = 0
    for seed in range(40):
        a, b = sides(8, 12, 0.0, seed)[0], sides(8, 12, 0.0, seed + 1000)[0]
        claims += contrasts.contrast(a, b, seed=seed).verdict != "cannot_tell"
    assert claims <= 5


# ------------------------------------------------------------------------------------------ privacy, names


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 12), max_size=8))
def test_no_small_group_is_shown_or_found_by_subtraction(people: dict) -> None:
    hidden = hidden_groups(people)
    assert all(not 0 < n < K or name in hidden for name, n in people.items())
    unseen = sum(people[name] for name in hidden)
    everyone = sum(people.values())
    assert unseen == 0 or unseen >= K or unseen == everyone


def test_reasons_are_named_only_by_known_names() -> None:
    with pytest.raises(KeyError):
        undefined("because")
    assert LEAST["class_people"] == K


def test_judgements_leave_out_warm_ups_skipped_items_and_half_answers() -> None:
    from risk.classroom import control
    from tests.fixtures_classroom import Play
    from tests.test_classroom_engine import go, say, sit

    play = Play()
    sit(play, "a", "b")
    go(play, 2)
    for _ in range(4):
        say(play, "a", "examine")
    assert judgements(play.room) == [] and len(judgements(play.room, counted=False)) == 2
    go(play, 3)
    for number, last in enumerate((control.close_item, control.skip_item, control.close_item)):
        play.take(control.next_item(play.room, item=number))
        for seat in ("a", "b"):
            say(play, seat, "examine", confidence=60)
            if number < 2:
                say(play, seat, "release", confidence=100)
        play.take(last(play.room))
    kept = judgements(play.room)
    assert sorted((j.seat, j.item.item_id) for j in kept) == [
        (s, play.room.setup.sets[3][0][0]) for s in ("a", "b")
    ]
    one = kept[0]
    assert (one.first, one.final, one.first_confidence, one.confidence) == ("examine", "release", 0.6, 1.0)
    play.take(control.remove(play.room, seat="b"))
    assert judgements(play.room) == kept, "else its answers could be found by subtraction"
