"""View-models say what the store and the model say, exactly, in words, and withhold what does not add up."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from risk import workbench
from risk.audit import GENESIS, Entry, canonical_json
from risk.casework import CHANNELS, LANES, STATUSES, Case
from risk.errors import Refused
from risk.queues import ItemFilter
from risk.results import AuditTables, Evaluation, Results
from risk.schema import Field
from risk.store import CaseFilter
from risk.ui import charts, html, model_charts
from risk.ui.present import audit, compare, groups, log, queue, whatif, words
from risk.ui.present import item as present
from risk.ui.present import model as model_view
from risk.ui.present.evidence import evidence_pack
from risk.ui.present.worth import Worth, summary
from tests.fixtures_browser import HOSTILE


@pytest.fixture(scope="module")
def stored(model, data) -> pd.DataFrame:
    """Some rows as `open_queue` keeps them."""
    rows = data.declarations.head(15).reset_index(drop=True)
    return rows.join(model.attribute(rows).drop(columns="item_id"))


def test_bars_start_at_the_base_and_end_at_the_margin(model, stored):
    for i in range(len(stored)):
        view = present.item_view(model, stored.iloc[[i]])
        steps = view.bars
        assert steps[0].start == pytest.approx(model.base_value, abs=1e-9)
        assert all(a.end == b.start for a, b in zip(steps, steps[1:], strict=False))
        assert steps[-1].end == pytest.approx(stored["margin"][i], abs=1e-6)


def test_an_explanation_that_misses_the_stored_score_is_withheld(model, stored):
    row = stored.iloc[[0]].copy()
    row["margin"] += 0.01
    view = present.item_view(model, row)
    assert "withheld" in view.withheld
    assert not view.raising and not view.lowering and not view.bars


def test_every_declared_field_is_shown_with_its_own_value(model, stored):
    d = model.dictionary
    for i in range(len(stored)):
        shown = {
            r.title: r.value for s in present.item_view(model, stored.iloc[[i]]).sections for r in s.rows
        }
        for field in d.fields():
            if field.role == "id":
                continue
            value = stored[field.name][i]
            assert shown[field.title] == words.exact(value, field)
            assert (shown[field.title] == "") == bool(pd.isna(value))


def test_missing_values_do_not_borrow_a_neighbours(model, stored):
    row = stored.iloc[[0]].copy()
    row["declared_net_weight_g"], row["hs_code"] = np.nan, None
    row["margin"] = model.score(row)["margin"].to_numpy()
    view = present.item_view(model, row)
    shown = {r.title: r.value for s in view.sections for r in s.rows}
    assert shown[model.dictionary["declared_net_weight_g"].title] == ""
    assert shown[model.dictionary["hs_code"].title] == ""
    assert not view.withheld


def test_what_the_model_reads_and_cannot_see_covers_every_field(model):
    read = {n for names in model.features.reads().values() for n in names}
    told = " ".join(present.unseen(model))
    for field in model.dictionary.fields():
        if field.name not in read and field.role != "id":
            assert field.title.lower() in told


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_waterfall_says_in_words_what_it_draws(model, stored, theme):
    view = present.item_view(model, stored.iloc[[0]])
    spec = charts.waterfall(view.bars, theme)
    assert [r["what"] for r in spec["data"]["values"]] == [b.title for b in view.bars]
    low, high = spec["layer"][1]["encoding"]["x"]["scale"]["domain"]
    assert all(low <= r["from"] <= high and low <= r["to"] <= high for r in spec["data"]["values"])


def test_what_capacity_buys_counts_every_item_once():
    scores = pd.DataFrame(
        {
            "risk_score": np.linspace(0, 1, 101),
            "lane": ["red"] * 10 + ["green"] * 91,
            "channel": ["random"] * 2 + ["targeted"] * 8 + [""] * 91,
        }
    )
    worth = Worth.of(scores)
    assert (worth.n, worth.examined, worth.drawn) == (101, 10, 2)
    assert worth.existing == pytest.approx(scores["risk_score"].sum()) == pytest.approx(worth.at(101))
    assert all(worth.at(k) <= worth.at(k + 1) for k in range(101))
    assert "2 of them are drawn at random" in summary(worth)


def test_every_lane_status_and_channel_has_words():
    assert set(words.LANE_TITLES) == set(LANES)
    assert set(words.STATUS_TITLES) == set(STATUSES)
    assert set(words.CHANNEL_TITLES) == set(CHANNELS)
    chosen = {s for _title, statuses in queue.DOING.values() for s in statuses}
    assert chosen == set(STATUSES), "some status can only be found under All"


def test_rows_of_the_queue_say_who_is_on_it():
    case = Case("b", "CX000000005QM", "m", "red", "random", 0.1, -2.0, 0.12, HOSTILE)
    mine = replace(case, status="claimed", holder="ann")
    row, other = queue.queue_rows([case, mine], who="bob")
    assert (row.frequency, row.channel_title, row.reason) == ("12 of 100", "Random check", HOSTILE)
    assert other.status == "ann is on it"


def test_nothing_picked_restricts_nothing():
    assert queue.Picked("all", "", "nonsense").cases() == CaseFilter()
    assert queue.Picked("every", "all", "").items().is_empty and not queue.Picked().narrowed


def test_an_unknown_event_is_still_readable():
    told = canonical_json({"code": "AB12", "minutes": 45})
    entry = Entry(1, "2026-01-05T08:00:00.000Z", "ann", "trainer", "session_started", "", told, GENESIS, "ab")
    (row,) = log.log_rows([entry])
    assert row.event == "Session started" and row.detail == "code: AB12; minutes: 45"


def test_shapes_agree_with_the_tables_at_every_step(model):
    for name in model.tables.names:
        shape, (edges, effect) = model_view.shape_of(model, name), model.tables.shape(name)
        assert sum(r["share"] for r in shape.rows) <= 1 + 1e-3
        if not shape.categorical:
            assert [r["factor"] for r in shape.rows] == pytest.approx(
                [math.exp(e) for e in effect[:-1]], rel=1e-3, abs=1e-4
            )
            assert [r["until"] for r in shape.rows[:-1]] == pytest.approx(edges, abs=1e-3)
        if shape.rows:
            assert shape.banded and all(r["low"] <= r["factor"] <= r["high"] for r in shape.rows)


def test_the_band_and_the_crowd_are_drawn_on_the_shapes_own_axis(model):
    for name in ("commodity", "gross_weight_g"):
        shape = model_view.shape_of(model, name)
        spec = model_charts.shape(shape.rows, unit=shape.unit, categorical=shape.categorical, theme="light")
        band, _level, effect = spec["layer"]
        assert band["encoding"]["y"]["field"] == "low" and band["encoding"]["y2"]["field"] == "high"
        low, high = effect["encoding"]["y"]["scale"]["domain"]
        assert all(low < r["low"] and r["high"] < high for r in shape.rows)
        assert len(effect["encoding"]["y"]["axis"]["values"]) >= 2
        crowd = model_charts.crowd(shape.rows, unit=shape.unit, categorical=shape.categorical, theme="light")
        axes = [c["encoding"]["y"]["axis"]["minExtent"] for c in (effect, crowd)]
        assert axes[0] == axes[1]


def test_costs_and_estimates_are_shown_as_measured(model, data):
    judged = workbench.evaluate(model, data)
    rows = model_view.cost_rows(judged)
    assert len(rows) == len(judged.costs) and {r["policy"] for r in rows} >= {"rule book", "this model"}
    assert model_charts.costs(rows, "light")["data"]["values"] == rows
    cells = model_view.estimate_rows(judged)
    assert cells[0][:3] == ("all items", "naive", "what was picked") and cells[2][1] == "Hájek"
    assert float(cells[0][5]) == pytest.approx(100 * judged.estimates["truth"].iloc[0], abs=0.06)


def test_escaping_leaves_no_element_in_hostile_text():
    for made in (
        html.tag("p", HOSTILE),
        html.note(HOSTILE),
        html.bullets([HOSTILE]),
        html.table(("a",), [(HOSTILE,)]),
        html.definition_rows([(HOSTILE, HOSTILE)]),
    ):
        assert "<script" not in made and "&lt;script" in made


def test_pairs_are_shown_only_as_effects_of_the_model(model):
    titles = model_view.pair_titles(model)
    assert len(titles) == len(model.tables.pairs)
    for k in range(len(titles)):
        rows, x, y = model_view.pair_rows(model, k)
        assert x in titles[k] or x.split(" (")[0] in titles[k]
        most = np.abs(model.tables.interaction(k)).max()
        assert all(abs(r["effect"]) <= most + 1e-3 for r in rows)


def test_a_batch_is_read_column_by_column(model, data, tmp_path, space):
    own = workbench.Workspace.at(tmp_path)
    batch = workbench.open_queue(own, model, data.declarations.head(200), how=workbench.Selection(5))
    got = workbench.queue_columns(own, batch, ["risk_score", "lane"])
    assert list(got.columns) == ["risk_score", "lane"] and len(got) == 200


def test_a_change_is_scored_by_the_same_code_as_any_item(model, stored):
    worth = Worth.of(stored.assign(lane="red", channel="targeted"))
    row = stored.iloc[[0]]
    told = whatif.what_if(model, row, {"gross_weight_g": 31_000.0, "description": None}, worth)
    expected = model.score(row.assign(gross_weight_g=31_000.0, description=None))["risk_score"].iloc[0]
    assert words.brief_frequency(expected) in told.sentence
    assert "not stated" in told.sentence and "31,000 g" in told.sentence


def test_a_value_that_cannot_be_is_refused_in_words(model, stored):
    worth = Worth.of(stored.assign(lane="red", channel="targeted"))
    with pytest.raises(Refused, match="gross_weight_g"):
        whatif.what_if(model, stored.iloc[[0]], {"gross_weight_g": -3.0}, worth)


def test_only_what_a_declarant_states_can_be_changed(model):
    fields = whatif.changeable(model)
    assert {f.known_at for f in fields} == {"declaration"}
    assert not {f.role for f in fields} & {"id", "time", "party", "label", "truth"}
    for field in fields:
        if field.role == "categorical" and field.levels and "pattern" not in field.constraints:
            assert whatif.choices(model, field)


def test_the_lane_of_a_score_follows_the_batch():
    scores = pd.DataFrame(
        {
            "risk_score": [0.9, 0.5, 0.2, 0.1],
            "lane": ["red", "yellow", "green", "red"],
            "channel": ["targeted", "", "", "random"],
        }
    )
    worth = Worth.of(scores)
    assert [worth.lane_of(s) for s in (0.95, 0.9, 0.6, 0.49, 0.1)] == [
        "red",
        "red",
        "yellow",
        "green",
        "green",
    ]


def test_the_evidence_pack_adds_up_and_holds_no_foreign_element(model, stored, space):
    row = stored.iloc[[0]].assign(description=HOSTILE)
    row = row.assign(margin=model.score(row)["margin"].to_numpy())
    told = canonical_json({"decision": "x"})
    entry = Entry(1, "2026-01-05T08:00:00.000Z", "ann", "reviewer", "noted", "", told, GENESIS, "ab")
    view = present.item_view(model, row)
    page = evidence_pack(view, model, row, space.registry.manifest(model.model_id), [entry])
    assert "<script" not in page and "src=" not in page and "href=" not in page
    numbers = [float(n) for n in re.findall(r'<td class="rk-num">([+-]\d+\.\d{6})</td>', page)]
    assert sum(numbers[:-1]) == pytest.approx(numbers[-1], abs=1e-6 * len(numbers))
    assert page.count("SHA-256 of") >= 3 and GENESIS in page


def test_a_verdict_on_a_group_claims_no_more_than_its_interval_allows():
    table = pd.DataFrame(
        {
            "group": ["QA", "QB", "QC", "QD"],
            "n": [5000.0, 5000.0, 5000.0, 40.0],
            "examination_rate": [0.01, 0.011, 0.05, 0.5],
            "hit_rate": [0.1, 0.1, 0.1, None],
            "hit_rate_low": [0.05, 0.05, 0.05, 0.0],
            "hit_rate_high": [0.2, 0.2, 0.2, 1.0],
            "false_alarm_rate": [0.02, 0.0199, 0.045, 0.5],
            "false_alarm_low": [0.016, 0.0159, 0.039, 0.3],
            "false_alarm_high": [0.0355, 0.0356, 0.051, 0.7],
            "stated": [0.03, 0.01, 0.021, 0.5],
            "observed": 4 * [0.02],
            "observed_low": 4 * [0.016],
            "observed_high": 4 * [0.024],
        }
    )
    shown = groups.groups(Field("origin", levels={"QA": "Aland"}), table)
    said = {g.title: g.verdict for g in shown}
    assert said["Aland"] == "we cannot tell" and said["QC"] == "higher than elsewhere"
    assert said["QD"] == "too few items to say" and shown[-1].burden == "–"
    assert [g.promised for g in shown] == ["30.0: too many", "10.0: too few", "21.0", "–"]
    assert shown[0].irregular == "20.0 (16.0–24.0)"


def test_two_models_that_overlap_are_not_told_apart():
    def judged(hit, low, high):
        rows = [
            {
                "policy": "m",
                "examination_rate": 0.01,
                "hit_rate": hit,
                "hit_rate_low": low,
                "hit_rate_high": high,
            }
        ]
        empty = pd.DataFrame()
        return Evaluation("truth", 100, None, pd.DataFrame(rows), empty, empty, {})

    close, far = judged(0.3, 0.2, 0.4), judged(0.6, 0.5, 0.7)
    assert groups.compared(close, close)[0].verdict == "we cannot tell"
    assert groups.compared(close, far)[0].verdict == "the challenger finds more"
    assert groups.compared(far, close)[0].verdict == "the champion finds more"


def test_similar_items_were_known_before_the_item_came(model, data, tmp_path):
    own = workbench.Workspace.at(tmp_path)
    newest = workbench.newest(data, days=2)
    batch = workbench.open_queue(own, model, newest, how=workbench.Selection(5), source=data)
    folder = workbench.queue_folder(own, batch)
    row, past = folder.page(ItemFilter(), size=1).rows, folder.past()
    found = compare.similar(model, row, past, k=5)
    known = past.set_index("item_id")
    clock = model.dictionary.clock
    assert len(found) == 5
    for one in found:
        assert known.loc[one.item_id, "reported_utc"] < row[clock].iloc[0]
        assert one.found == known.loc[one.item_id, "found"]
    assert compare.similar(model, row, past.assign(reported_utc=row[clock].iloc[0])) == []


def test_what_was_known_of_a_party_is_told_for_each_party(model, data, tmp_path):
    own = workbench.Workspace.at(tmp_path)
    batch = workbench.open_queue(own, model, workbench.newest(data, days=1), how=workbench.Selection(5), source=data)
    rows = workbench.queue_folder(own, batch).page(ItemFilter(), size=30).rows
    for k in range(len(rows)):
        told = compare.parties(model.dictionary, rows.iloc[[k]])
        assert len(told) == len(model.dictionary.role("party"))
        for party in told:
            counts = [int(cells[1].replace(",", "")) for cells in party.rows]
            assert counts == sorted(counts), "a longer window holds at least as many items"


def test_an_audit_is_kept_and_told_in_words(tmp_path):
    shares = {"value": 0.8, "low": 0.5, "high": 0.9, "random": 0.4, "global": 0.6, "ceiling": 1.0}
    cause = pd.DataFrame(
        [{"scheme": s, "n": 17, "measure": m} | shares for s in ("all", "one") for m in audit.MEASURES]
    )
    faithful = pd.DataFrame([{"measure": "deletion area", "value": -4.2, "beside": -2.1, "what": "random"}])
    Results(tmp_path).keep_audit("m", AuditTables(17, 0.02, cause, faithful))
    found = Results(tmp_path).audit_of("m")
    pd.testing.assert_frame_equal(found.cause, cause)
    rows = audit.cause_rows(found.cause)
    assert len(rows) == len(audit.MEASURES), "schemes are not shown one by one"
    assert rows[0] == ("The strongest reason reads an altered field", "80%", "50%–90%", "40%", "60%", "100%")
    assert audit.faithful_rows(found.faithful)[0][1:] == ("-4.20", "-2.10", "random")
    assert Results(tmp_path).audit_of("other") is None
