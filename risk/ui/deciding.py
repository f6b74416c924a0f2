"""What a person can do with a case: decide, put aside, give back, record the outcome, reopen.

Every act is recorded in the callback of its button, with the case bound to it: a click can never mean
another item, and a double click is recorded once.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from risk.access import may
from risk.casework import ACTIONS, DESERVED, OUTCOMES, Case, Decision, Outcome, codes_for
from risk.errors import NotFound, NotRecorded
from risk.store import CaseFilter, Receipt
from risk.ui import html, shared
from risk.ui.i18n import _, moment, number
from risk.ui.present.words import LANE_TITLES, OUTCOME_TITLES, action_title
from risk.ui.session import actor, attempt, flash, form_key, new_form

__all__ = ["draw"]


def draw(case: Case) -> None:
    """Draw what the person at this browser can do with the case now."""
    st.subheader(_("Your decision"), anchor=False)
    verdict = may(actor(), "decide")
    if not verdict:
        st.html(html.note(verdict.reason))
    elif case.status in ("decided", "closed"):
        _after(case)
    elif case.status == "claimed" and case.holder != actor().name:
        words = _(
            "{who} is working on it until {moment}. Take another item, or wait.",
            who=case.holder,
            moment=moment(case.held_until_utc),
        )
        st.html(html.note(words))
    else:
        _form(case)


def _name(case: Case) -> str:
    return f"{case.batch_id}:{case.item_id}"


# -- deciding ----


def _form(case: Case) -> None:
    name, actions = _name(case), list(ACTIONS)
    if case.status == "snoozed":
        until, why = moment(case.snoozed_until_utc), case.snooze_reason
        st.html(html.note(_("Put aside until {moment}: {reason}", moment=until, reason=why)))
    with st.container(border=True):
        action = st.radio(
            _("What should happen to this item?"),
            actions,
            index=actions.index(case.suggested),
            key=f"action:{name}",
            horizontal=True,
            format_func=lambda a: action_title(a) + (" " + _("(suggested)") if a == case.suggested else ""),
        )
        with st.form(f"decide:{name}", border=False):
            _why(case, action)
            st.form_submit_button(
                _("Record: {action}", action=action_title(action).lower()),
                type="primary",
                width="stretch",
                on_click=_decide,
                args=(case, action),
            )
    _aside(case)


def _why(case: Case, action: str) -> None:
    name = _name(case)
    codes = codes_for(action)
    st.pills(
        _("Why? (at least one)"),
        list(codes),
        selection_mode="multi",
        format_func=lambda c: _(c.replace("_", " ").capitalize()),
        key=f"codes:{action}:{name}",
        help="  \n".join(map(_, codes.values())),
    )
    overrides = action != case.suggested
    title = _("Comment (needed: this overrides the suggestion)") if overrides else _("Comment (if you like)")
    st.text_area(title, key=f"comment:{name}", max_chars=2000, height=80)


def _decide(case: Case, action: str) -> None:
    name, state = _name(case), st.session_state
    codes = tuple(state.get(f"codes:{action}:{name}") or ())
    if not codes:
        flash(_("Choose at least one reason first. Nothing was recorded."), "bad")
        return
    choice = Decision(action, codes, state.get(f"comment:{name}") or "")
    store = shared.house().store
    done = _once(
        f"decide:{name}",
        lambda key: store.decide(case.item_id, choice, actor=actor(), batch_id=case.batch_id, key=key),
    )
    if done is not None:
        what = _("{action}, entry {n} of the log", action=action_title(action).lower(), n=number(done.seq))
        _onward(case, what)


def _once(name: str, act: Callable[[str], Receipt]) -> Receipt | None:
    done = attempt(act, form_key(name))
    if done is not None:
        new_form(name)
    return done


def _onward(case: Case, what: str) -> None:
    """Say what was recorded, and open the next item, kept for this person as one taken from the queue."""
    following = _claim_next(case.batch_id)
    then = _("The next item is below.") if following else _("Nothing else is waiting in this lane.")
    said = _("Recorded: {item} – {what}.", item=case.item_id, what=what)
    flash(f"{said} {then}", "good", case.item_id if following else "")
    if following:
        st.query_params["item"] = following


def _claim_next(batch_id: str) -> str:
    lane = st.session_state.get("lane")
    which = CaseFilter(batch_id=batch_id, lanes=(lane,) if lane in LANE_TITLES else ())
    try:
        return shared.house().store.claim_next(actor=actor(), which=which).item_id
    except (NotFound, NotRecorded):  # what was recorded stays recorded; only the next item is not taken
        return ""


# -- putting aside, giving back ----


def _aside(case: Case) -> None:
    name = _name(case)
    with st.expander(_("Not now")), st.form(f"aside:{name}", border=False):
        st.text_input(_("Put it aside until tomorrow, because …"), key=f"later:{name}", max_chars=500)
        st.form_submit_button(_("Put aside"), on_click=_snooze, args=(case,))
    if case.status == "claimed":
        st.button(_("Give it back undecided"), key=f"back:{name}", on_click=_give_back, args=(case,))


def _snooze(case: Case) -> None:
    name, store = _name(case), shared.house().store
    why = st.session_state.get(f"later:{name}") or ""
    done = _once(
        f"aside:{name}",
        lambda key: store.snooze(case.item_id, why, actor=actor(), batch_id=case.batch_id, key=key),
    )
    if done is not None:
        _onward(case, _("put aside until tomorrow"))


def _give_back(case: Case) -> None:
    store = shared.house().store
    done = attempt(store.release_claim, case.item_id, actor=actor(), batch_id=case.batch_id)
    if done is not None:
        flash(_("{item} is back in the queue.", item=case.item_id), "good")


# -- after the decision ----


def _after(case: Case) -> None:
    suggestion = action_title(case.suggested).lower()
    way = _("as suggested") if case.agrees else _("overriding the suggestion ({action})", action=suggestion)
    said = _(
        "{action}, {way}: decided by {who}, {moment}.",
        action=action_title(case.decision),
        way=way,
        who=case.decided_by,
        moment=moment(case.decided_utc),
    )
    shown = " " + _("Outcome: {outcome}.", outcome=_(OUTCOMES[case.outcome])) if case.outcome else ""
    st.html(html.note(said + shown, "good"))
    if case.status == "decided":
        _outcome(case)
    with st.expander(_("Reopen")), st.form(f"reopen:{_name(case)}", border=False):
        st.text_input(_("Why must it be decided again?"), key=f"why:{_name(case)}", max_chars=500)
        st.form_submit_button(_("Reopen"), on_click=_reopen, args=(case,))


def _outcome(case: Case) -> None:
    name = _name(case)
    with st.form(f"outcome:{name}"):
        st.radio(
            _("What did it show?"),
            list(OUTCOMES),
            format_func=lambda o: _(OUTCOME_TITLES[o]),
            key=f"found:{name}",
            horizontal=True,
        )
        st.radio(
            _("Did this item deserve review?"),
            list(DESERVED),
            format_func=lambda d: _(DESERVED[d]).capitalize(),
            key=f"deserved:{name}",
            horizontal=True,
        )
        st.form_submit_button(_("Record the outcome"), on_click=_record_outcome, args=(case,), type="primary")


def _record_outcome(case: Case) -> None:
    name, store, state = _name(case), shared.house().store, st.session_state
    shown = Outcome(state[f"found:{name}"], state[f"deserved:{name}"])
    done = _once(
        f"outcome:{name}",
        lambda key: store.record_outcome(case.item_id, shown, actor=actor(), batch_id=case.batch_id, key=key),
    )
    if done is not None:
        what = _("{action}, entry {n} of the log", action=_(OUTCOMES[shown.result]), n=number(done.seq))
        flash(_("Recorded: {item} – {what}.", item=case.item_id, what=what), "good")


def _reopen(case: Case) -> None:
    name, store = _name(case), shared.house().store
    why = st.session_state.get(f"why:{name}") or ""
    done = _once(
        f"reopen:{name}",
        lambda key: store.reopen(case.item_id, why, actor=actor(), batch_id=case.batch_id, key=key),
    )
    if done is not None:
        flash(_("{item} is open again.", item=case.item_id), "good")
