"""Rule books: read strictly, compiled exactly."""

from __future__ import annotations

import numpy as np
import pytest

from risk.errors import Refused
from risk.models.rules import RuleBook


@pytest.mark.parametrize(("text", "words"), [
    ('[[rule]]\nname="a"\npoint=1\nwhen=[{feature="w",below=1}]', "Did you mean 'points'"),
    ('[[rule]]\nname="a"\npoints=1\nwhen=[]', "0 conditions"),
    ('[[rule]]\nname="a"\npoints=1\nwhen=[{feature="w",under=1}]', "below, above, is, missing"),
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
