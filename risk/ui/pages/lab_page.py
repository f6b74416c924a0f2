"""The policy lab: a year under two or three targeting policies, week by week, and what each missed."""

import streamlit as st

from risk import workbench
from risk.access import may, require
from risk.errors import RiskError
from risk.lab.jobs import STOPPED, Job, start_job
from risk.lab.shown import Shown, load_shown
from risk.simulation import POLICIES
from risk.ui import html, lab_charts, shared
from risk.ui.charts import Spec
from risk.ui.i18n import _, number, percent
from risk.ui.present import lab as present
from risk.ui.session import actor, attempt, flash, show_flash, theme

MOST = 3
OWN = "own"


def draw() -> None:
    """Draw the page."""
    st.title(_("Policy lab"))
    st.html(
        html.tag(
            "p",
            _(
                "What does a policy find over a year, when it only learns from what it opens? "
                "The same made post goes past every policy; each is trained anew every week on what "
                "it examined itself."
            ),
            "rk-small",
        )
    )
    show_flash()
    job = _job()
    shown = _shown(job)
    world, policies = _choose(shown)
    if not policies:
        st.html(html.note(_("Choose one to three policies.")))
    else:
        _year(shown, world, policies)
    _new_run(job)


@st.cache_resource(show_spinner=False, max_entries=4)
def _load(folder: str) -> Shown:
    from pathlib import Path

    return load_shown(Path(folder)) if folder else load_shown()


def _job() -> Job | None:
    name = st.session_state.get("lab:job")
    return Job(shared.house().workspace.root / "lab" / "jobs" / name) if name else None


def _shown(job: Job | None) -> Shown:
    """The shipped runs, or those of the person's own job where it is done and they want to see it."""
    own = job is not None and job.progress().state == "done"
    if own and st.session_state.get("lab:see", True):
        return _load(str(job.folder))
    return _load("")


def _choose(shown: Shown) -> tuple[str, list[str]]:
    left, right = st.columns([1, 2])
    with left:
        world = st.selectbox(
            _("World"),
            shown.worlds,
            key="lab:world",
            persist_state="session",
            format_func=lambda w: w.capitalize().replace("-", " "),
        )
    world = world if world in shown.worlds else shown.worlds[0]
    there = shown.policies(world)
    usual = [p for p in ("targeted", "hybrid-90-10", "adaptive") if p in there] or there[:2]
    with right:
        policies = st.multiselect(
            _("Policies, up to three"),
            [p for p in POLICIES if p in there],
            default=usual,
            max_selections=MOST,
            key="lab:policies",
            persist_state="session",
            format_func=present.title_of,
            select_all=False,
        )
    facts = shown.facts[world]
    st.html(
        html.tag(
            "p",
            " ".join(
                [
                    _(present.PRESET_WORDS.get(world, "")),
                    _(
                        "{n} items a week, {share} examined, seed {seed}.",
                        n=number(facts["items_a_week"]),
                        share=percent(facts["capacity"], 1),
                        seed=facts["seed"],
                    ),
                ]
            ),
            "rk-small",
        )
    )
    return world, [p for p in policies if p in there]


def _year(shown: Shown, world: str, policies: list[str]) -> None:
    weeks = int(shown.of("weekly", world, policies)["week"].max()) + 1
    week = (
        st.slider(_("Week"), 1, weeks, weeks, key=f"lab:week:{weeks}", persist_state="session")
        if weeks > 1
        else 1
    )
    found = present.cards(shown, world, policies, week)
    for column, card in zip(st.columns(len(found)), found, strict=True):
        with column:
            st.html(html.tag("p", card.title, "rk-section"))
            st.html(html.tag("p", _("{share} opened", share=percent(card.detection, 1)), "rk-big"))
            st.html(html.tag("p", card.words, "rk-small"))
    if reading := present.reading(found):
        st.html(html.note(reading))
    part = st.segmented_control(
        _("Show"),
        _PARTS,
        default=next(iter(_PARTS)),
        key="lab:part",
        required=True,
        format_func=_,
        persist_state="session",
    )
    _PARTS[part](shown, world, policies, week)


def _course(shown: Shown, world: str, policies: list[str], week: int) -> None:
    measure = st.segmented_control(
        _("Measure"),
        present.MEASURES,
        default="norm_precision",
        key="lab:measure",
        required=True,
        format_func=lambda m: _(present.MEASURES[m]),
        persist_state="session",
    )
    rows = present.year_rows(shown, world, policies, measure)
    last = {r["policy"]: r["value"] for r in rows if r["week"] <= week}
    _chart(
        _(
            'Means over the last 14 weeks. "The best possible choice" is what an observer would '
            "examine who knows how this world is made: 100 % is the limit of any model."
        ),
        lab_charts.year(rows, week=week, title=_(present.MEASURES[measure]), theme=theme()),
        key="lab:year",
        alt="; ".join(f"{p}: {percent(v, 1)}" for p, v in last.items()),
    )


def _chart(words: str, spec: Spec, *, key: str, alt: str) -> None:
    """One chart under the sentence that says how to read it."""
    st.html(html.tag("p", words, "rk-small"))
    st.vega_lite_chart(spec=spec, theme=None, key=key, alt=alt)


def _schemes(shown: Shown, world: str, policies: list[str], week: int) -> None:
    rows = present.scheme_rows(shown, world, policies, week)
    _chart(
        _(
            "Of each scheme's items up to this week, how many went past unexamined? Only a made "
            "world can tell: what is not opened leaves no trace."
        ),
        lab_charts.missed(rows, theme()),
        key="lab:schemes",
        alt="; ".join(f"{r['scheme']}, {r['policy']}: {r['words']}" for r in rows[:24]),
    )


def _burden(shown: Shown, world: str, policies: list[str], week: int) -> None:
    rows = present.burden_rows(shown, world, policies, week)
    _chart(
        _(
            "Whose ordinary post is opened? Of 1,000 items from each made-up origin, how many were "
            "examined although nothing was wrong with them."
        ),
        lab_charts.burden(rows, theme()),
        key="lab:burden",
        alt="; ".join(f"{r['origin']}, {r['policy']}: {r['burden']}" for r in rows[:24]),
    )


def _missed(shown: Shown, world: str, policies: list[str], week: int) -> None:
    listed = present.missed_items(shown, world, week)
    if listed.empty:
        st.html(html.note(_("No kept item was missed by every policy up to this week. Move the week on.")))
        return
    st.html(
        html.tag(
            "p",
            _(
                "Irregular items that none of the policies examined (a sample). What gave them away, "
                "and why did no policy take them?"
            ),
            "rk-small",
        )
    )
    words = dict(zip(listed["row"], listed["words"], strict=True))
    row = st.selectbox(_("Item"), list(words), format_func=words.get, key="lab:item", persist_state="session")
    row = row if row in words else next(iter(words))
    titles = _titles()
    item = present.missed_item(shown, world, row, policies, titles)
    st.html(html.tag("p", _named(item.item_id)))
    st.html(
        html.definition_rows(
            [
                (_("What it was"), item.scheme),
                (_("Arrived in week"), number(item.week)),
                (_("The best possible observer said"), percent(item.oracle, 1)),
                (_("What spoke for it, in nats"), item.causes or _("nothing in its own fields")),
            ]
        )
    )
    st.html(
        html.table(
            (
                _("Policy"),
                _("Place by its scores that week"),
                _("Lowered its score most"),
                _("Raised its score most"),
            ),
            item.places,
            caption=_("Why it was not taken"),
        )
    )
    with st.expander(_("What was declared")):
        st.html(html.definition_rows(item.declared))


@st.cache_data(show_spinner=False)
def _titles() -> dict[str, str]:
    """Titles of declared fields and of features, by name."""
    dictionary = workbench.default_dictionary()
    return {f.name: f.title for f in (*dictionary.fields(), *dictionary.features)}


def _named(item_id: str) -> html.Html:
    """An item's identifier, set as one."""
    return html.tag("span", item_id, "rk-id")


_PARTS = {
    "Course of the year": _course,
    "Missed by scheme": _schemes,
    "Burden by origin": _burden,
    "An item that all missed": _missed,
}


# ---------------------------------------------------------------------------------------- a run of one's own


def _new_run(job: Job | None) -> None:
    st.subheader(_("A run of your own"), anchor=False)
    verdict = may(actor(), "simulate")
    if not verdict.allowed:
        st.html(html.note(verdict.reason))
        return
    if job is not None:
        _watch(job)
    if job is None or job.progress().state != "running":
        _form()


@st.fragment(run_every=1.0)
def _watch(job: Job) -> None:
    """Progress, drawn again every second while the run goes on."""
    told = job.progress()
    if told.state == "running":
        st.progress(told.share, text=told.words)
        st.button(_("Stop this run"), key="lab:stop", on_click=_stop, args=(job,))
        return
    if st.session_state.get("lab:seen") != (job.name, told.state):
        st.session_state["lab:seen"] = (job.name, told.state)
        st.rerun(scope="app")
    if told.state == "done":
        st.toggle(_("Show this run above"), value=True, key="lab:see", persist_state="session")
    else:
        st.html(html.note(told.words, "bad" if told.state == "failed" else "plain"))


def _form() -> None:
    with st.form("lab:form"):
        left, right = st.columns(2)
        with left:
            world = st.selectbox(
                _("World"),
                list(present.PRESET_WORDS),
                key="lab:new:world",
                format_func=lambda w: w.capitalize().replace("-", " "),
            )
            policies = st.multiselect(
                _("Policies, up to three"),
                list(POLICIES),
                max_selections=MOST,
                default=["targeted", "hybrid-90-10"],
                key="lab:new:policies",
                format_func=present.title_of,
                select_all=False,
            )
        with right:
            weeks = st.slider(_("Weeks"), 4, 52, 26, key="lab:new:weeks")
            share = st.slider(_("Examined, per cent of items"), 0.5, 10.0, 3.0, 0.5, key="lab:new:share")
        weights = st.checkbox(
            _("Learn with weights (each find counts by how unlikely its examination was)"),
            key="lab:new:weights",
        )
        if st.form_submit_button(_("Run"), type="primary"):
            _start(
                {
                    "policies": ",".join(policies),
                    "world": world,
                    "weeks": weeks,
                    "seeds": 1,
                    "items_a_week": 1500,
                    "capacity": share / 100,
                    "weights": "capped" if weights else "none",
                }
            )


def _start(asked: dict) -> None:
    try:
        require(actor(), "simulate")
        if not asked["policies"]:
            flash(_("Choose one to three policies. Nothing was started."), "bad")
        else:
            st.session_state["lab:job"] = start_job(shared.house().workspace.root / "lab", asked).name
    except RiskError as error:
        flash(str(error), "bad")
    st.rerun()


def _stop(job: Job) -> None:
    attempt(job.stop, STOPPED)


if __name__ == "__main__":
    draw()
