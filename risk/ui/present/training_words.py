"""Words of the training room: every code of `risk.classroom` said to a person."""

from __future__ import annotations

from risk.classroom.measures.figure import REASONS, Figure
from risk.classroom.plan import ACTIONS, MODES, PLANS, TAGS
from risk.classroom.questions import CHECKS, EXITS
from risk.ui.i18n import N_, _, number, percent

__all__ = [
    "ACTION_WORDS",
    "CHECK_WORDS",
    "CONTRAST_TITLES",
    "EXAMPLE_REASONS",
    "EXAMPLE_SHARE",
    "EXIT_WORDS",
    "HABIT_WORDS",
    "KIND_TITLES",
    "MODE_HINTS",
    "MODE_TITLES",
    "PLAN_HINTS",
    "PLAN_TITLES",
    "PURPOSE",
    "PICKED_HINT",
    "SCRIPT",
    "STEP_HINTS",
    "STRENGTH_WORDS",
    "TAG_TITLES",
    "figure_words",
    "interval_words",
    "mode_hint",
    "scheme_title",
    "sentence",
    "share_words",
    "verdict_words",
]

PURPOSE = (
    N_("Everyone judges the same made parcels, so that the class can see what a score does to judgement."),
    N_("You appear under a made-up name only. No name, e-mail or address is asked for or kept."),
    N_("Your answers are seen by you; the class sees sums over at least five people. Nobody is ranked."),
    N_("Single answers are deleted 30 days after the session, or when the trainer deletes them."),
)
ACTION_WORDS = {"examine": N_("Examine"), "release": N_("Release")}
MODE_TITLES = {
    "WARM_UP": N_("Warm-up"),
    "BLIND": N_("Without the score"),
    "SCORE": N_("With the score"),
    "SCORE_WHY": N_("With score and reasons"),
    "BURST": N_("Burst: many irregular ones"),
    "OPERATIONAL": N_("As at the office"),
}
MODE_HINTS = {
    "WARM_UP": N_("Get used to it: after each item you learn what it was. Nothing is counted."),
    "BLIND": N_("Judge by the declaration alone. Half of these items are irregular, made so on purpose."),
    "SCORE": N_(
        "First your own answer, then the score. Half of these items are irregular, and the model is wrong on "
        "half of them, made so on purpose."
    ),
    "SCORE_WHY": N_(
        "First your own answer, then the score and its reasons. Half of these items are irregular, and the "
        "model is wrong on half of them, made so on purpose."
    ),
    "BURST": N_("Half of these items are irregular. After each you learn what it was."),
    "OPERATIONAL": N_("As in the post: few items are irregular, and you can examine only some. No feedback."),
}
#: Said instead where the trainer picked the items.
PICKED_HINT = N_(
    "Your trainer picked these items by hand. First your own answer, then the score and its reasons."
)
KIND_TITLES = {
    "lobby": N_("Lobby"),
    "check": N_("Reading the explanation"),
    "warm_up": N_("Warm-up"),
    "block": N_("Judging"),
    "debrief": N_("Debrief"),
    "exit": N_("Last questions"),
}
#: What the trainer does now, by the kind of a step or, where items are judged, by its pacing.
STEP_HINTS = {
    "lobby": N_("Put the board on the projector. When everyone has joined, go on."),
    "check": N_("Everyone answers three questions on reading a score. Go on when most are done."),
    "self": N_("Everyone works at their own pace. Close the part when most are done, talk, then go on."),
    "trainer": N_("Open an item, let everyone answer, close it, talk about what the board shows."),
    "debrief": N_("Everyone has a card now. The board shows the class; the report says what to talk about."),
    "exit": N_("Everyone answers three last questions. Then end the session."),
}
PLAN_TITLES = {
    "taster-10": N_("10 minutes: a taster"),
    "lesson-45": N_("45 minutes: a lesson"),
    "lesson-90": N_("90 minutes: a lesson with burst and office work"),
    "by-hand": N_("Items picked by hand"),
}
PLAN_HINTS = {
    "taster-10": N_("Three questions, two items to warm up, eight items that all look at together."),
    "lesson-45": N_(
        "Three questions, six items to warm up, three blocks of 20: without the score, with it, with reasons."
    ),
    "lesson-90": N_(
        "As the 45 minutes, then ten items of which half are irregular, and 30 with a limit of 4."
    ),
    "by-hand": N_("You choose the items; everyone looks at each together, first without, then with reasons."),
}
TAG_TITLES = {
    "value": N_("Value"),
    "weight": N_("Weight"),
    "commodity": N_("Goods"),
    "text": N_("Description"),
    "route": N_("Route"),
    "party": N_("Sender, recipient"),
    "declaration": N_("Form"),
    "none": N_("Nothing special"),
}
#: What the chart check asks about.
EXAMPLE_SHARE = 0.14
EXAMPLE_REASONS = (
    N_("The value is low for its weight: raises the odds 2.3×"),
    N_("The description is specific: lowers the odds 1.4×"),
)
CHECK_WORDS = {
    "frequency": (
        N_("The score says: “Of such items, about 14 of 100 are irregular”. What does that tell you?"),
        (
            N_("14 % of what is in this parcel is irregular."),
            N_("Of 100 parcels that score like this one, about 14 turn out irregular and 86 do not."),
            N_("The model is 14 % sure of itself."),
        ),
        N_("A score is a frequency among parcels like this one. It does not say which of them this one is."),
    ),
    "reason": (
        N_("A reason says: “The value is low for its weight: raises the odds 2.3×”. What does it explain?"),
        (
            N_("Why the parcel is irregular."),
            N_("What the sender had in mind."),
            N_("Why the score is higher than for a typical parcel."),
        ),
        N_("A reason explains the score. What is in the parcel, only an examination shows."),
    ),
    "bar": (
        N_("Beside a detail stands “▲ raises”. What does it mean?"),
        (
            N_("This detail moved the score up."),
            N_("This parcel must be examined."),
            N_("This detail was declared falsely."),
        ),
        N_("Marks say which way a detail moved the score, nothing more."),
    ),
}
EXIT_WORDS = {
    "trust": (
        N_("How much will you lean on a score like this at work?"),
        (N_("Not at all"), N_("A little"), N_("Half and half"), N_("Much"), N_("Entirely")),
    ),
    "reasons": (
        N_("Did the reasons help you to see when the score was wrong?"),
        (N_("They misled me"), N_("Hardly"), N_("Sometimes"), N_("Often"), N_("Nearly always")),
    ),
    "change": (
        N_("What will you try next time?"),
        (
            N_("Decide before I look at the score"),
            N_("Look for what the model cannot see"),
            N_("Say less or more sure what I am"),
            N_("Nothing new"),
        ),
    ),
}
STRENGTH_WORDS = {
    "took_part": N_("You took part. With a few more items there is more to say."),
    "found": N_("You found most of what was irregular."),
    "let_pass": N_("You let most regular parcels pass: few people waited for nothing."),
    "resisted": N_("You kept your answer when the advice was wrong."),
    "took_help": N_("You took the advice where it was right and you were not."),
    "knew_limits": N_("Your confidence fitted: you knew when you were guessing."),
}
HABIT_WORDS = {
    "judge_more": N_("Judge a few more items, one a day for a week: it is practice that stays."),
    "look_for_missed": N_("Before you release, ask once: what would an irregular parcel look like here?"),
    "open_less": N_("Before you examine, name one ordinary explanation. If it fits, release."),
    "keep_reasons": N_("When the score disagrees, write down your own reason first. Then look again."),
    "ask_why_not": N_("When the score disagrees, ask: which detail have I not looked at yet?"),
    "slow_down": N_("You were surer than right. Say 60 where you would say 80, and see if it fits better."),
    "trust_yourself": N_("You were right more often than you dared to say. Use the upper levels, too."),
}
WHY_WORDS = {
    "too_few": N_("too few answers to tell"),
    "too_few_people": N_("shown from 5 people on"),
    "no_items": N_("no such items"),
    "same_answer": N_("everyone answered the same"),
    "nobody_disagreed": N_("nobody disagreed with the advice"),
    "never_wrong_alone": N_("nobody was wrong where the advice was right"),
    "never_right_alone": N_("nobody was right where the advice was wrong"),
    "not_asked": N_("no advice in this block"),
}
#: The same said to one person.
WHY_YOU_WORDS = WHY_WORDS | {
    "same_answer": N_("you gave the same answer to everything"),
    "nobody_disagreed": N_("you never disagreed with the advice"),
    "never_wrong_alone": N_("you were never wrong where the advice was right"),
    "never_right_alone": N_("you were never right where the advice was wrong"),
}
CONTRAST_TITLES = {
    "score": N_("Seeing the score, against the same people's first answers"),
    "score_why": N_("Seeing score and reasons, against the same people's first answers"),
    "blind_to_score": N_("Block with the score, against the block without"),
    "why_over_score": N_("Block with score and reasons, against the block with the score only"),
    "scheme": N_("By scheme: final answers against first answers"),
    "cost_alone": N_("Cost an item, against following the score alone"),
    "cost_blind": N_("Cost an item, against the same people's block without the score"),
}
#: Schemes of the made worlds that ship, as `data_synthetic` titles them.
SCHEME_TITLES = {
    "micro_quantity": N_("Micro-quantity items"),
    "high_worth": N_("High worth in low weight"),
    "misdeclared_precursor": N_("Precursor declared as an ordinary good"),
    "cheap_chemical": N_("Unusually low price for a chemical"),
    "production_equipment": N_("Production equipment"),
    "decentralised_producers": N_("Decentralised small producers"),
    "everyday_object": N_("Everyday objects"),
    "new_substance": N_("A new substance family"),
    "pre_precursor": N_("Pre-precursors"),
    "remailing": N_("Remailing"),
    "few_vendors": N_("Few vendors, much volume"),
    "takedown_displacement": N_("Takedown and displacement"),
    "mid_level": N_("Mid-level consignments"),
    "redistribution": N_("Redistribution"),
    "collection_points": N_("Collection points"),
    "unwitting": N_("Unwitting intermediaries"),
    "counterfeit": N_("Counterfeits"),
    "route_drift": N_("Route drift"),
}
#: The discussion, on the board and in the report.
SCRIPT = (
    (
        N_("Reactions (5 minutes)"),
        N_("How was it to see the score after you had decided? When did it annoy you?"),
    ),
    (
        N_("Description (10 minutes)"),
        N_("Take one of the items. What did you see first? What did the score say? What did you do?"),
    ),
    (
        N_("Analysis (15 minutes)"),
        N_(
            "Where did the score rescue you, where did it talk you out of a right answer? Could you have "
            "noticed? What can the model not see here?"
        ),
    ),
    (N_("Summary (5 minutes)"), N_("Each person says one thing they will do differently. Write it down.")),
)
SLICE_TITLES = {
    "": N_("all items"),
    "model_right": N_("items where the model was right"),
    "model_wrong": N_("items where the model was wrong"),
}
assert set(MODE_TITLES) == set(MODES) and set(ACTION_WORDS) == set(ACTIONS) and set(TAG_TITLES) == set(TAGS)
assert set(WHY_WORDS) == set(REASONS) and set(PLANS) < set(PLAN_TITLES)
assert {q.code: q.choices for q in CHECKS} == {c: len(w[1]) for c, w in CHECK_WORDS.items()}
assert {q.code: q.choices for q in EXITS} == {c: len(w[1]) for c, w in EXIT_WORDS.items()}


def mode_hint(mode: str, plan: str) -> str:
    """What a part asks for, and how its items were put together: said truly for every plan.

    >>> "Half of these items" in mode_hint("SCORE", "lesson-45"), mode_hint("SCORE_WHY", "by-hand")[:12]
    (True, 'Your trainer')
    """
    return _(PICKED_HINT if plan == "by-hand" else MODE_HINTS[mode])


def scheme_title(code: str) -> str:
    """What a scheme is called; one of a world that does not ship by its code.

    >>> scheme_title("few_vendors"), scheme_title("night_flights")
    ('Few vendors, much volume', 'night flights')
    """
    return _(SCHEME_TITLES[code]) if code in SCHEME_TITLES else code.replace("_", " ")


def sentence(text: str) -> str:
    """A text as a sentence: capital first, one full stop.

    >>> sentence("about 14 of 100 such items are irregular")
    'About 14 of 100 such items are irregular.'
    """
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _number(value: float, places: int) -> str:
    return number(round(value, places) + 0.0, places)  # never "-0.00"


def figure_words(figure: Figure, *, places: int = 2, you: bool = False) -> str:
    """A figure with its interval, or why there is none; never a bare 0 for what is not known.

    >>> figure_words(Figure(1.2345, 0.5, 2.0, 20, indicative=True))
    '1.23 (0.50 to 2.00; indicative)'
    >>> from risk.classroom.measures.figure import undefined
    >>> figure_words(undefined("nobody_disagreed"))
    'nobody disagreed with the advice'
    """
    if not figure.known:
        return _((WHY_YOU_WORDS if you else WHY_WORDS)[figure.why])
    said = _number(figure.value, places)
    if figure.low is None:
        return said
    span = _("{low} to {high}", low=_number(figure.low, places), high=_number(figure.high, places))
    return f"{said} ({span}{'; ' + _('indicative') if figure.indicative else ''})"


def share_words(figure: Figure, *, you: bool = False) -> str:
    """A share in per cent with its interval and number, or why there is none.

    >>> share_words(Figure(0.8, 0.49, 0.943, 10))
    '80% (49% to 94%; n = 10)'
    """
    if not figure.known:
        return _((WHY_YOU_WORDS if you else WHY_WORDS)[figure.why])
    if figure.low is None:
        return percent(figure.value)
    return _(
        "{value} ({low} to {high}; n = {n})",
        value=percent(figure.value),
        low=percent(figure.low),
        high=percent(figure.high),
        n=number(figure.n),
    )


def interval_words(figure: Figure) -> str:
    """A share with its interval only, for the board.

    >>> interval_words(Figure(0.8, 0.49, 0.943, 10))
    '80% (49–94%)'
    """
    if not figure.known or figure.low is None:
        return share_words(figure)
    low, high = number(100 * figure.low), percent(figure.high)
    return _("{value} ({low}–{high})", value=percent(figure.value), low=low, high=high)


def verdict_words(verdict: str, *, cost: bool = False) -> str:
    """What may be said of a difference.

    >>> verdict_words("cannot_tell"), verdict_words("more"), verdict_words("more", cost=True)
    ('we cannot tell', 'more often right', 'costs more')
    """
    words = {
        "more": N_("costs more") if cost else N_("more often right"),
        "less": N_("costs less") if cost else N_("less often right"),
        "cannot_tell": N_("we cannot tell"),
        "too_few": N_("too few answers to tell"),
    }
    return _(words[verdict])
