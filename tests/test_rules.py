"""Rule books: read strictly, compiled exactly."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from risk.errors import Refused
from risk.fitted import FittedModel
from risk.models import tables_from_arrays
from risk.models.rules import RuleBook


@pytest.mark.parametrize(("text", "words"), [
    ('[[rule]]\nname="a"\npoint=1\nwhen=[{feature="w",below=1}]', "Did you mean 'points'"),
    ('[[rule]]\nname="a"\npoints=1\nwhen=[]', "0 conditions"),
    ('[[rule]]\nname="a"\npoints=1\nwhen=[{feature="w",under=1}]', "below, above, is, missing"),
    ('[[rule]]\nname="a"\nvalid_from="soon"\nwhen=[{feature="w",below=1}]', "a date such as"),
    ('[[rule]]\nname="a"\nvalid_from=2024-03-01\nvalid_until=2024-02-01\nwhen=[{feature="w",below=1}]', "not before"),
    ("[[rule]", "not valid TOML")])
def test_a_wrong_rule_is_refused(text: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        RuleBook.read(text)


def test_compiled_rules_are_the_rules(model, data) -> None:
    frame = data.declarations.head(800)
    x = model.features.transform(frame)
    got = RuleBook.default().compile(model.features, x.to_numpy(np.float32)).margins(x.to_numpy(np.float32))
    by_hand = np.zeros(len(x))
    for rule in RuleBook.default().rules:
        holds = np.ones(len(x), bool)
        for c in rule.when:
            value = x[c.feature].to_numpy()
            if c.test == "below":
                holds &= value <= np.float32(c.value)
            elif c.test == "above":
                holds &= value > np.float32(c.value)
            elif c.test == "missing":
                holds &= np.isnan(value)
            else:
                raw = frame[model.dictionary.feature(c.feature).reads[0]]
                holds &= raw.isin([c.value] if isinstance(c.value, str) else c.value).to_numpy()
        by_hand += rule.points * holds
    np.testing.assert_allclose(got, by_hand, atol=1e-9)
    assert np.ptp(by_hand) > 1


def test_a_rule_about_an_absent_feature_is_refused(model) -> None:
    book = RuleBook.read('[[rule]]\nname="a"\npoints=1\nwhen=[{feature="gross_weight",below=1}]')
    with pytest.raises(Refused, match="Did you mean 'gross_weight_g'"):
        book.compile(model.features, np.zeros((2, len(model.tables.names)), np.float32))


DATED = """
[[rule]]
name = "early"
owner = "desk one"
points = 2.0
valid_until = 2024-02-10
when = [{ feature = "gross_weight_g", below = 500 }]
[[rule]]
name = "late"
owner = "desk two"
points = 1.0
valid_from = "2024-02-01"
valid_until = "2024-03-31"
when = [{ feature = "declared_value_sdr", above = 10 }, { feature = "mail_class", is = "U" }]
[[rule]]
name = "always"
points = 0.5
when = [{ feature = "pieces", above = 1 }]
"""


@pytest.fixture(scope="module")
def dated_model(model, data) -> FittedModel:
    """A rule book with dates, as a model."""
    x = model.features.values(data.declarations.head(4000))
    return FittedModel("rules", model.features, RuleBook.read(DATED).compile(model.features, x).scaled(0.8, -3.0))


def test_a_rule_out_of_date_does_not_fire_by_the_items_own_day(dated_model, data) -> None:
    frame = data.declarations.iloc[::7].head(3000)
    known = frame["ead_received_utc"].fillna(frame["arrived_utc"])  # when the office could first look at it
    day = known.dt.floor("D").dt.tz_localize(None)
    light, dear = frame["gross_weight_g"] <= 500, (frame["declared_value_sdr"] > 10) & (frame["mail_class"] == "U")
    early, late = day <= "2024-02-10", (day >= "2024-02-01") & (day <= "2024-03-31")
    points = 2.0 * (light & early) + 1.0 * (dear & late) + 0.5 * (frame["pieces"] > 1)
    assert min((light & early).sum(), (light & ~early).sum(), (dear & late).sum(), (dear & ~late).sum()) > 20
    margin = dated_model.score(frame)["margin"]
    np.testing.assert_allclose(margin, 0.8 * points.to_numpy() - 3.0, atol=1e-6)


def test_dated_rules_add_up_blame_only_what_they_test_and_come_back(dated_model, data) -> None:
    frame = data.declarations.iloc[::40].head(500)
    explained = dated_model.attribute(frame)
    phi = explained.filter(like="phi_")
    np.testing.assert_allclose(dated_model.base_value + phi.sum(axis=1), explained["margin"], atol=1e-9)
    moved = set(phi.columns[(phi.abs() > 1e-12).any()])
    assert moved == {"phi_gross_weight_g", "phi_declared_value_sdr", "phi_mail_class", "phi_pieces"}
    again = tables_from_arrays(dated_model.tables.names, dated_model.tables.to_arrays())
    x = dated_model.matrix(frame)
    np.testing.assert_array_equal(again.explain(x)[0], dated_model.tables.explain(x)[0])
    assert dated_model.explain(frame).data.shape == phi.shape


def test_owners_and_dates_are_kept(model) -> None:
    rules = {r.name: r for r in RuleBook.read(DATED).rules}
    assert rules["early"].owner == "desk one" and rules["early"].valid_until == date(2024, 2, 10)
    assert [r.name for r in RuleBook.read(DATED).on(date(2024, 2, 5)).rules] == ["early", "late", "always"]
    assert [r.name for r in RuleBook.read(DATED).on(date(2024, 4, 1)).rules] == ["always"]
    assert all(r.owner and r.valid_from for r in RuleBook.default().rules)
