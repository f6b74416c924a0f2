"""The model: what it learnt from, what it is worth at a capacity, and what each detail does to the score."""

from typing import Any

import streamlit as st

from risk.boosted import BoostedTrees
from risk.errors import RiskError
from risk.fitted import FittedModel
from risk.results import Evaluation
from risk.ui import auditing, charts, html, lookups, model_charts, shared
from risk.ui.i18n import N_, _, moment, number, percent
from risk.ui.present import model as present
from risk.ui.present.groups import compared, groups
from risk.ui.session import headline, show_flash, theme
from risk.ui.widgets import chart, section

NO_MODEL = N_("No model is registered yet. Train one: risk train DATA – or make everything with: make demo.")


def draw() -> None:
    """Draw the page for the model in use."""
    headline("model")
    show_flash()
    name = shared.house().workspace.registry.champion()
    if name is None:
        st.html(html.note(_(NO_MODEL)))
        return
    try:
        model = shared.model(name)
    except RiskError as error:
        st.html(html.note(str(error), "bad"))
        return
    chosen = st.segmented_control(
        _("Section"),
        list(SECTIONS),
        default="what",
        key="section",
        required=True,
        format_func=lambda name: _(SECTIONS[name][0]),
        label_visibility="collapsed",
        persist_state="session",
    )
    SECTIONS[chosen or "what"][1](model)


def _what(model: FittedModel) -> None:
    manifest = shared.house().workspace.registry.manifest(model.model_id)
    st.html(html.definition_rows(present.facts(model, manifest)))
    rows = _importance(model)
    if not rows:
        st.subheader(_("What moves scores most"), anchor=False)
        st.html(html.note(_("No queue has been scored by this model yet.")))
        return
    words = _("How much each detail typically changes the odds, over the items of the newest queue.")
    section(_("What moves scores most"), words)
    alt = (f"{r['title']} ×{r['factor']:.2f}" for r in rows)
    chart(charts.importance(rows, theme()), key="importance", alt=alt)


def _importance(model: FittedModel) -> list[dict]:
    batch = shared.newest_batch()
    if batch is None or batch.model_id != model.model_id:
        return []
    return lookups.importance(batch)


def _worth(model: FittedModel) -> None:
    judged = _judged(model)
    if judged is None:
        return
    by = _("truth") if judged.judge == "truth" else _("examinations")
    words = _("Judged by {judge} on {n} items newer than all it learnt from.", judge=by, n=number(judged.n))
    if judged.period:
        start, end = (moment(m) for m in judged.period)
        words += " " + _("They came from {start} to {end}.", start=start, end=end)
    st.html(html.tag("p", words))
    _capacity(judged)
    _costs(judged)
    _calibration(judged)
    _estimates(judged)


def _judged(model: FittedModel) -> Evaluation | None:
    judged = shared.evaluation(model.model_id)
    if judged is None:
        words = _(
            "This model was not evaluated in this workspace. Evaluate it with: risk evaluate MODEL DATA."
        )
        st.html(html.note(words))
    return judged


def _capacity(judged: Evaluation) -> None:
    words = _(
        "When only a share of all items can be examined and the highest scores are taken: how many of the "
        "irregular items are among them?"
    )
    section(_("What a capacity buys"), words)
    rows, at = present.capacity_rows(judged), _("{policy} at {rate}: {found} found")
    alt = (at.format(policy=r["policy"], rate=percent(r["rate"], 1), found=percent(r["detected"])) for r in rows)
    chart(charts.detection(rows, theme()), key="detection", alt=alt)
    _capacity_table(rows)


def _capacity_table(rows: list[dict[str, Any]]) -> None:
    headers = (
        _("Examined"),
        _("Chosen by"),
        _("Irregular items found"),
        _("Finds per 100 examined"),
        _("95 % interval"),
    )
    cells = [
        (
            percent(r["rate"], 1),
            r["policy"],
            percent(r["detected"]),
            number(100 * r["hit"]),
            f"{number(100 * r['hit_low'])}–{number(100 * r['hit_high'])}",
        )
        for r in rows
    ]
    st.html(html.table(headers, cells, caption=_("Capacity table"), right=frozenset({2, 3, 4})))


def _costs(judged: Evaluation) -> None:
    rows = present.cost_rows(judged)
    if not rows:
        return
    words = _(
        "How much a missed irregular item costs is for the service to say. For each price, every way to choose "
        "is shown at its own best capacity; saved is measured against examining everything or nothing, "
        "whichever is cheaper."
    )
    section(_("What it saves"), words)
    said = _("{policy}, a miss costs {ratio}: {saved} saved at {rate} examined")
    alt = (
        said.format(policy=r["policy"], ratio=number(r["ratio"]), saved=percent(r["saved"]), rate=percent(r["rate"], 1))
        for r in rows
    )
    chart(model_charts.costs(rows, theme()), key="costs", alt=alt)


def _estimates(judged: Evaluation) -> None:
    rows = present.estimate_rows(judged)
    if not rows:
        return
    words = _(
        "How many of 100 items are irregular, estimated from the examined ones only. The naive estimate counts "
        "them as if they had been picked blindly. The other two let each count for as many items as it stands for, "
        "and are right on average whatever was targeted; their intervals are as wide as the few random checks make "
        "them."
    )
    section(_("What examinations alone would say"), words)
    headers = (_("Among"), _("Estimate"), _("Speaks of"), _("Per 100"), _("95 % interval"), _("In truth"))
    known = any(r[-1] for r in rows)
    cells = [r if known else r[:-1] for r in rows]
    st.html(
        html.table(headers if known else headers[:-1], cells, caption=_("Estimates"), right=frozenset({3, 4, 5}))
    )


def _calibration(judged: Evaluation) -> None:
    rows = judged.reliability.to_dict("records")
    words = _(
        "Items in ten groups by score. On the dashed line, as many were irregular as the scores said; the "
        "bars are 95 % intervals. Both axes are stretched at the low end."
    )
    section(_("Do the scores mean what they say?"), words)
    said = _("said {stated}, was {observed}")
    alt = (said.format(stated=percent(r["stated"], 1), observed=percent(r["observed"], 1)) for r in rows)
    chart(charts.calibration(rows, theme()), key="calibration", alt=alt)


def _groups(model: FittedModel) -> None:
    judged = _judged(model)
    if judged is None:
        return
    words = _(
        "If the 2 % of items with the highest scores were examined: who would be examined, and how many "
        "items that were in order? Each group's burden is compared with that of all others, and its scores "
        "with what was irregular; the words say only what the 95 % intervals allow."
    )
    st.html(html.tag("p", words, "rk-small"))
    headers = (
        _("Group"),
        _("Items"),
        _("Examined"),
        _("Finds per 100 examined"),
        _("Examined per 1,000 in order"),
        _("Burden"),
        _("Irregular per 1,000"),
        _("Scores had promised"),
    )
    for name, table in judged.groups.items():
        field = model.dictionary[name]
        rows = [
            (g.title, g.n, g.examined, g.hits, g.burden, g.verdict, g.irregular, g.promised)
            for g in groups(field, table)
        ]
        st.html(html.table(headers, rows, caption=_(field.title), right=frozenset({1, 2, 3, 4, 6, 7})))


def _versus(model: FittedModel) -> None:
    registry = shared.house().workspace.registry
    rivals = [i for i in reversed(registry.ids()) if i != model.model_id]
    judged = shared.evaluation(model.model_id)
    rivals = [i for i in rivals if shared.evaluation(i) is not None]
    if judged is None or not rivals:
        words = _(
            "There is no second evaluated model to compare with. Train one – risk train DATA --model rules – "
            "and evaluate it on the same data: risk evaluate MODEL DATA."
        )
        st.html(html.note(words))
        return
    rival = st.selectbox(_("Challenger"), rivals, key="challenger", persist_state="session")
    other = shared.evaluation(rival)
    if (other.judge, other.n, other.period) != (judged.judge, judged.n, judged.period):
        st.html(html.note(_("These two were judged on different items: compare them with care."), "bad"))
    headers = (_("Examined"), _("Champion: finds per 100"), _("Challenger: finds per 100"), _("Verdict"))
    rows = [(v.rate, v.champion, v.challenger, v.verdict) for v in compared(judged, other)]
    st.html(html.table(headers, rows, caption=_("Champion and challenger"), right=frozenset({1, 2})))


def _opaque(model: FittedModel) -> bool:
    """Say of a challenger that its details cannot be read one by one; whether it is one."""
    opaque = isinstance(model.tables, BoostedTrees)
    if opaque:
        words = _(
            "This challenger mixes all details freely, so none of them can be drawn alone. Single items are "
            "explained, where the explanation adds up to the score."
        )
        st.html(html.note(words))
    return opaque


def _shapes(model: FittedModel) -> None:
    if _opaque(model):
        return
    names = [f.name for f in model.features.specs]
    ranked = [r["name"] for r in _importance(model)]
    order = ranked + [n for n in names if n not in ranked]
    name = st.selectbox(
        _("Detail"),
        order,
        format_func=lambda n: _(model.dictionary.feature(n).title),
        key="feature",
        persist_state="session",
    )
    _draw_shape(present.shape_of(model, name))


def _draw_shape(shape: present.Shape) -> None:
    words = _(
        "Above the dashed line the detail raises the odds, below it lowers them. The grey bars show "
        "how many items have such a value: where there are few, the model has seen little."
    )
    if shape.banded:
        words += " " + _("The shaded band shows how far fits to other samples of the items would differ.")
    st.html(html.tag("p", words, "rk-small"))
    axis = {"unit": shape.unit, "categorical": shape.categorical, "theme": theme()}
    alt = (f"{r['words']}: ×{number(r['factor'], 2)}" for r in shape.rows)
    chart(model_charts.shape(shape.rows, **axis), key="shape", alt=alt)
    alt = (f"{r['words']}: {percent(r['share'], 1)}" for r in shape.rows)
    chart(model_charts.crowd(shape.rows, **axis), key="crowd", alt=alt)
    for words in (shape.missing, shape.because and _("Held to one direction: {why}", why=shape.because)):
        if words:
            st.html(html.tag("p", words, "rk-small"))


def _pairs(model: FittedModel) -> None:
    if _opaque(model):
        return
    titles = present.pair_titles(model)
    if not titles:
        st.html(html.note(_("This model uses no pairs: every detail acts by itself.")))
        return
    k = st.selectbox(
        _("Pair"), range(len(titles)), format_func=lambda i: titles[i], key="pair", persist_state="session"
    )
    rows, x, y = present.pair_rows(model, k)
    st.html(
        html.tag(
            "p",
            _("What the two details do together, beyond what each does alone. Orange raises, blue lowers."),
            "rk-small",
        )
    )
    alt = (f"{r['a']} + {r['b']}: {r['words']}" for r in rows[:40])
    chart(model_charts.heat_map(rows, x=x, y=y, theme=theme()), key="heat", alt=alt)


def _card(model: FittedModel) -> None:
    words = _(
        "What this model is for, what it learnt from, what it is worth and what it cannot do, on one page to "
        "print. Every number comes from the model and its evaluation. The card is written in English."
    )
    st.html(html.tag("p", words, "rk-small"))
    try:
        plain, page = lookups.card(model.model_id)
    except RiskError as error:
        st.html(html.note(str(error), "bad"))
        return
    left, right, _rest = st.columns([1, 1, 2])
    left.download_button(_("Card to print"), page, f"{model.model_id}.html", "text/html", on_click="ignore")
    right.download_button(_("Card as data"), plain, f"{model.model_id}.json", "application/json", on_click="ignore")
    st.iframe(page, height=900, alt=_("Card"))  # every text in it is escaped (`risk.cards.page`)


#: The parts of the page: what they are called and what draws them.
SECTIONS = {
    "what": (N_("What it is"), _what),
    "worth": (N_("What it is worth"), _worth),
    "shapes": (N_("What each detail does"), _shapes),
    "pairs": (N_("Pairs"), _pairs),
    "groups": (N_("Groups"), _groups),
    "versus": (N_("Compared"), _versus),
    "reasons": (N_("Explanations"), auditing.draw),
    "card": (N_("Card"), _card),
}


if __name__ == "__main__":
    draw()
