"""The model: what it learnt from, what it is worth at a capacity, and what each detail does to the score."""

import streamlit as st

from risk import workbench
from risk.errors import RiskError
from risk.fitted import FittedModel
from risk.results import Evaluation
from risk.ui import charts, html, shared
from risk.ui.present import model as present
from risk.ui.present.words import moment
from risk.ui.session import show_flash, theme

SECTIONS = ("What it is", "What it is worth", "What each detail does", "Pairs")


def draw() -> None:
    """Draw the page for the model in use."""
    st.title("Model")
    show_flash()
    name = shared.house().workspace.registry.champion()
    if name is None:
        st.html(
            html.note(
                "No model is registered yet. Train one: risk train DATA – or make everything with: make demo."
            )
        )
        return
    try:
        model = shared.model(name)
    except RiskError as error:
        st.html(html.note(str(error), "bad"))
        return
    chosen = st.segmented_control(
        "Section",
        SECTIONS,
        default=SECTIONS[0],
        key="section",
        required=True,
        label_visibility="collapsed",
        persist_state="session",
    )
    {SECTIONS[0]: _what, SECTIONS[1]: _worth, SECTIONS[2]: _shapes, SECTIONS[3]: _pairs}[
        chosen or SECTIONS[0]
    ](model)


def _what(model: FittedModel) -> None:
    manifest = shared.house().workspace.registry.manifest(model.model_id)
    st.html(html.definition_rows(present.facts(model, manifest)))
    st.subheader("What moves scores most", anchor=False)
    rows = _importance(model)
    if not rows:
        st.html(html.note("No queue has been scored by this model yet."))
        return
    st.html(
        html.tag(
            "p",
            "How much each detail typically changes the odds, over the items of the newest queue.",
            "rk-small",
        )
    )
    st.vega_lite_chart(
        spec=charts.importance(rows, theme()),
        theme=None,
        key="importance",
        alt="; ".join(f"{r['title']} ×{r['factor']:.2f}" for r in rows),
    )


def _importance(model: FittedModel) -> list[dict]:
    batch = shared.newest_batch()
    if batch is None or batch.model_id != model.model_id:
        return []
    return _importance_of(batch.batch_id, model.model_id, batch, model)


@st.cache_resource(show_spinner=False, max_entries=16)
def _importance_of(batch_id: str, model_id: str, _batch, _model: FittedModel) -> list[dict]:
    columns = [f"phi_{f.name}" for f in _model.features.specs]
    return present.importance_rows(_model, workbench.queue_columns(shared.house().workspace, _batch, columns))


def _worth(model: FittedModel) -> None:
    judged = shared.evaluation(model.model_id)
    if judged is None:
        st.html(
            html.note(
                "This model was not evaluated in this workspace. Evaluate it with: risk train, or make demo."
            )
        )
        return
    period = f", {moment(judged.period[0])} to {moment(judged.period[1])}" if judged.period else ""
    st.html(
        html.tag(
            "p", f"Judged by {judged.judge} on {judged.n:,} items newer than all it learnt from{period}."
        )
    )
    _capacity(judged)
    _calibration(judged)


def _capacity(judged: Evaluation) -> None:
    st.subheader("What a capacity buys", anchor=False)
    st.html(
        html.tag(
            "p",
            "When only a share of all items can be examined and the highest scores are taken: how many of "
            "the irregular items are among them?",
            "rk-small",
        )
    )
    rows = present.capacity_rows(judged)
    st.vega_lite_chart(
        spec=charts.detection(rows, theme()),
        theme=None,
        key="detection",
        alt="; ".join(f"{r['policy']} at {r['rate']:.1%}: {r['detected']:.0%} found" for r in rows),
    )
    st.html(
        html.table(
            ("Examined", "Chosen by", "Irregular items found", "Finds per 100 examined", "95 % interval"),
            [
                (
                    f"{r['rate']:.1%}",
                    r["policy"],
                    f"{r['detected']:.0%}",
                    f"{100 * r['hit']:.0f}",
                    f"{100 * r['hit_low']:.0f}–{100 * r['hit_high']:.0f}",
                )
                for r in rows
            ],
            caption="Capacity table",
            right=frozenset({2, 3, 4}),
        )
    )


def _calibration(judged: Evaluation) -> None:
    st.subheader("Do the scores mean what they say?", anchor=False)
    rows = judged.reliability.to_dict("records")
    st.html(
        html.tag(
            "p",
            "Items in ten groups by score. On the dashed line, as many were irregular as the scores "
            "said; the bars are 95 % intervals. Both axes are stretched at the low end.",
            "rk-small",
        )
    )
    st.vega_lite_chart(
        spec=charts.calibration(rows, theme()),
        theme=None,
        key="calibration",
        alt="; ".join(f"said {r['stated']:.1%}, was {r['observed']:.1%}" for r in rows),
    )


def _shapes(model: FittedModel) -> None:
    names = [f.name for f in model.features.specs]
    ranked = [r["name"] for r in _importance(model)]
    order = ranked + [n for n in names if n not in ranked]
    name = st.selectbox(
        "Detail",
        order,
        format_func=lambda n: model.dictionary.feature(n).title,
        key="feature",
        persist_state="session",
    )
    shape = present.shape_of(model, name)
    st.html(
        html.tag(
            "p",
            "Above the dashed line the detail raises the odds, below it lowers them. The grey bars show how "
            "many items have such a value: where there are few, the model has seen little.",
            "rk-small",
        )
    )
    st.vega_lite_chart(
        spec=charts.shape(shape.rows, unit=shape.unit, categorical=shape.categorical, theme=theme()),
        theme=None,
        key="shape",
        alt="; ".join(f"{r['words']}: odds ×{r['factor']:.2f}" for r in shape.rows),
    )
    st.vega_lite_chart(
        spec=charts.crowd(shape.rows, unit=shape.unit, categorical=shape.categorical, theme=theme()),
        theme=None,
        key="crowd",
        alt="; ".join(f"{r['words']}: {r['share']:.1%} of items" for r in shape.rows),
    )
    for words in (shape.missing, f"Held to one direction: {shape.because}" if shape.because else ""):
        if words:
            st.html(html.tag("p", words, "rk-small"))


def _pairs(model: FittedModel) -> None:
    titles = present.pair_titles(model)
    if not titles:
        st.html(html.note("This model uses no pairs: every detail acts by itself."))
        return
    k = st.selectbox(
        "Pair", range(len(titles)), format_func=lambda i: titles[i], key="pair", persist_state="session"
    )
    rows, x, y = present.pair_rows(model, k)
    st.html(
        html.tag(
            "p",
            "What the two details do together, beyond what each does alone. Orange raises, blue lowers.",
            "rk-small",
        )
    )
    st.vega_lite_chart(
        spec=charts.heat_map(rows, x=x, y=y, theme=theme()),
        theme=None,
        key="heat",
        alt="; ".join(f"{r['a']} with {r['b']}: {r['words']}" for r in rows[:40]),
    )


if __name__ == "__main__":
    draw()
