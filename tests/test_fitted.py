"""A fitted model: scores and explanations agree, whoever asks and however many items at once."""

from __future__ import annotations

import numpy as np
import pandas as pd


def test_score_is_the_logistic_of_the_margin(model, data) -> None:
    s = model.score(data.declarations)
    np.testing.assert_allclose(s["risk_score"], 1 / (1 + np.exp(-s["margin"])))
    assert s["item_id"].tolist() == data.declarations["item_id"].tolist()


def test_attributions_add_up_on_every_item(model, data) -> None:
    table = model.attribute(data.declarations)
    phi = table.filter(like="phi_").to_numpy()
    np.testing.assert_allclose(table["base_value"] + phi.sum(axis=1), table["margin"], atol=1e-6)


def test_an_item_alone_scores_as_in_the_crowd(model, data) -> None:
    frame = data.declarations.iloc[::997]
    alone = pd.concat([model.score(frame.iloc[[i]]) for i in range(len(frame))], ignore_index=True)
    pd.testing.assert_frame_equal(alone, model.score(frame).reset_index(drop=True))


def test_attributions_within_a_profile_average_to_zero_over_the_fit_slice(model, data) -> None:
    """What attributions start from is the average of the fit slice, in every profile."""
    stream = data.declarations[data.declarations["arrived_utc"] <= pd.Timestamp(model.facts["fit_until"])]
    x = model.features.transform(stream).to_numpy(np.float32)
    np.testing.assert_allclose(model.tables.profile_attributions(x).mean(axis=0), 0, atol=1e-9)


def test_each_item_says_what_it_resembles(model, data) -> None:
    some = data.declarations.head(50)
    table = model.attribute(some)
    shares = table.filter(like="share_")
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert ("share_" + table["profile"]).tolist() == shares.idxmax(axis=1).tolist()
    assert {f"share_{p}" for p in model.tables.profiles} == set(shares.columns)
    pd.testing.assert_frame_equal(model.resembles(some), table[["profile", *shares.columns]])


def test_monotone_features_move_only_their_stated_way(model) -> None:
    for spec in model.features.specs:
        if spec.monotone:
            _, effect = model.tables.shape(spec.name)
            steps = np.diff(effect[:-1]) * spec.monotone
            assert (steps >= -1e-9).all(), spec.name
