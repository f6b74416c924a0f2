"""The data dictionary refuses what it does not understand, and says where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from risk.errors import Refused
from risk.features.kinds import KINDS
from risk.schema import Dictionary

POSTAL = Path(__file__).parent.parent / "data_synthetic" / "dictionary.json"


@pytest.fixture
def descriptor() -> dict:
    return json.loads(POSTAL.read_text(encoding="utf-8"))


def test_every_declared_field_is_described(descriptor: dict) -> None:
    d = Dictionary(descriptor)
    for f in d.fields():
        assert f.title and f.description and f.role != "ignore", f.name
        assert f.name == f.name.lower()


def test_every_feature_has_a_known_kind_words_and_a_concept(descriptor: dict) -> None:
    for f in Dictionary(descriptor).features:
        assert f.kind in KINDS and f.title and f.concept and f.reason.get("say"), f.name
        assert not f.monotone or f.because, f"{f.name}: a direction needs its reason in words"


def test_nothing_known_only_after_examination_is_a_feature(descriptor: dict) -> None:
    d = Dictionary(descriptor)
    for f in d.features:
        assert all(d[name].known_at != "examination" for name in f.reads)


def test_round_trip(descriptor: dict) -> None:
    assert Dictionary(Dictionary(descriptor).to_descriptor()).to_descriptor() == descriptor


@pytest.mark.parametrize(("change", "message"), [
    (lambda d: d["resources"][0]["schema"]["fields"][0]["risk"].update(rle="id"), "Did you mean 'role'"),
    (lambda d: d["resources"][0]["schema"]["fields"][0]["risk"].update(role="key"), "role of field 'item_id' is 'key'"),
    (lambda d: d["resources"][0]["schema"]["fields"][0].update(type="text"), "type of field 'item_id' is 'text'"),
    (lambda d: d["resources"][0]["schema"]["fields"].append(d["resources"][0]["schema"]["fields"][0]),
     "described twice"),
    (lambda d: d["risk"]["features"][0].update(reads=["hs_cod"]), "Did you mean 'hs_code'"),
    (lambda d: d["risk"]["features"][0].update(colour="red"), "unknown key 'colour'"),
    (lambda d: d["risk"]["features"][0].pop("kind"), "has no 'kind'"),
    (lambda d: d.update(resources=[]), "expected a resource named 'declarations'"),
    (lambda d: d["risk"].update(clok="x"), "Did you mean 'clock'"),
])
def test_a_wrong_dictionary_is_refused_with_its_place(descriptor: dict, change, message: str) -> None:
    change(descriptor)
    with pytest.raises(Refused, match=message):
        Dictionary(descriptor)


def test_absent_and_broken_files(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="risk schema infer"):
        Dictionary.load(tmp_path)
    (tmp_path / "datapackage.json").write_text("{,}")
    with pytest.raises(Refused, match="not valid JSON"):
        Dictionary.load(tmp_path)
