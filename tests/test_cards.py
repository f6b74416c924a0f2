"""Model cards: whole, true, safe to open, and telling when they no longer are."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from risk import cards, champions, workbench
from risk.cards.check import schema
from risk.cli import app
from risk.errors import BadSetting, Refused
from risk.workbench import Workspace


@pytest.fixture(scope="module")
def house(space, model, data, tmp_path_factory) -> Workspace:
    """A workspace with one model and its evaluation."""
    made = Workspace.at(tmp_path_factory.mktemp("carded"))
    shutil.copytree(space.root / "models", made.root / "models")
    workbench.evaluate(model, data, workspace=made)
    return made


@pytest.fixture(scope="module")
def card(house, model) -> dict:
    return champions.model_card(house, model.model_id)


@pytest.fixture
def written(house, model, tmp_path) -> Path:
    """A folder with a written card, to break."""
    champions.write_card(house, model.model_id, out=tmp_path)
    return tmp_path


def edited(folder: Path, change) -> None:
    path = folder / "card.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def test_the_schema_is_one_and_the_card_has_its_form(card) -> None:
    Draft202012Validator.check_schema(schema())
    assert cards.findings(card, card) == []


def test_it_says_what_a_reader_looks_for(card, model, house) -> None:
    manifest, judged = house.registry.manifest(model.model_id), house.results.of(model.model_id)
    assert card["model"]["content_sha256"] == manifest["content_sha256"]
    assert card["training_data"]["digest"] == model.facts["data_digest"]
    assert card["training_data"]["generator"] == {"world": "teaching", "seed": 7, "items": 40_000,
                                                  "world_id": model.facts["data_manifest"]["world_id"]}
    assert card["training_data"]["period"][0] < card["training_data"]["fit_until"] < card["training_data"]["period"][1]
    assert [f["name"] for f in card["features"]] == [f.name for f in model.features.specs]
    held = {f["name"]: f["direction"] for f in card["features"]}
    for f in model.features.specs:
        assert held[f.name].startswith({1: "never lowers", -1: "never raises"}.get(f.monotone, "free"))
    assert len(card["evaluation"]["metrics"]) == len(judged.discrimination)
    assert set(card["evaluation"]["groups"]) == {f.name for f in model.dictionary.groups}
    assert 0 <= card["explanation"]["largest_gap"] < 1e-6 and card["explanation"]["items"] == 64


class _Page(HTMLParser):
    """What a page asks for from outside, its headings, and tags that were not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.outside, self.headings, self.open, self._heading = [], [], [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        self.outside += [(tag, k, v) for k, v in attrs if k in ("src", "href", "srcset", "data", "xlink:href")]
        self.outside += [(tag, "", "")] if tag in ("script", "link", "iframe", "object", "img") else []
        self._heading = tag == "h2"
        if tag not in ("meta", "br", "path", "circle"):
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        if tag not in ("path", "circle"):
            assert self.open.pop() == tag

    def handle_data(self, text) -> None:
        if self._heading:
            self.headings.append(text)
            self._heading = False


def test_the_page_is_one_file_with_the_sections_of_model_cards(card) -> None:
    text = cards.card_page(card)
    page = _Page(text)
    assert page.outside == [] and page.open == [] and "url(" not in text and "@import" not in text
    assert page.headings[:9] == [
        "Model details", "Intended use", "Factors", "Metrics", "Evaluation data", "Training data",
        "Quantitative analyses", "Ethical considerations", "Caveats and recommendations",
    ]
    assert len(card["evaluation"]["reliability"]) == text.count("<circle")
    assert "No conformity with that regulation is claimed" in text


def test_any_text_is_shown_literally(card) -> None:
    hostile = "<script>alert(1)</script>\"'&"
    bad = json.loads(json.dumps(card))
    bad["texts"]["intended_use"] = bad["features"][0]["title"] = bad["limits"][0] = hostile
    group = next(iter(bad["evaluation"]["groups"].values()))
    group["title"] = group["rows"][0]["title"] = hostile
    text = cards.card_page(bad)
    assert "<script" not in text and text.count("&lt;script&gt;") >= 4 and _Page(text).outside == []


@pytest.mark.parametrize("name", ["intended_use", "caveats", "human_oversight"])
@pytest.mark.parametrize("said", ["", "  \n"])
def test_an_empty_text_fails(house, model, written, name: str, said: str) -> None:
    many = isinstance(cards.Texts.default().to_dict()[name], list)
    edited(written, lambda c: c["texts"].update({name: [said] if many else said}))
    found = champions.check_card(house, model.model_id, out=written)
    assert len(found) == 1 and name in found[0] and "is empty; expected words" in found[0]


def test_a_number_that_is_no_longer_the_models_fails(house, model, written) -> None:
    edited(written, lambda c: c["evaluation"]["metrics"][0].update(value=0.99))
    found = champions.check_card(house, model.model_id, out=written)
    assert len(found) == 1
    assert found[0].startswith("evaluation.metrics.0.value is 0.99; the model and its evaluation say")


@pytest.mark.parametrize("change", [
    lambda c: c["features"].pop(), lambda c: c.pop("limits"), lambda c: c.update(more=1),
    lambda c: c["training_data"]["counts"].update(found_fit=1), lambda c: c["explanation"].update(largest_gap=0.5),
    lambda c: c["model"].update(kind="ga2m"), lambda c: c["evaluation"].update(items=7.5),
])  # fmt: skip
def test_whatever_else_is_changed_is_found(house, model, written, change) -> None:
    edited(written, change)
    assert champions.check_card(house, model.model_id, out=written)


def test_a_page_that_is_not_of_its_card_is_found(house, model, written) -> None:
    assert champions.check_card(house, model.model_id, out=written) == []
    page = written / "card.html"
    page.write_text(page.read_text(encoding="utf-8").replace("not for live enforcement", "for everything"))
    assert "is not the page of this card.json" in champions.check_card(house, model.model_id, out=written)[0]
    page.unlink()
    assert champions.check_card(house, model.model_id, out=written)
    (written / "card.json").write_text("{")
    assert "is no JSON" in champions.check_card(house, model.model_id, out=written)[0]


def test_a_new_evaluation_makes_an_old_card_wrong_until_it_is_written_anew(house, model, tmp_path) -> None:
    judged, where = house.results.of(model.model_id), Workspace.at(tmp_path)
    shutil.copytree(house.root / "models", where.root / "models")
    house = where
    with pytest.raises(Refused, match="none is kept in this workspace. Evaluate it first"):
        champions.write_card(house, "champion")
    house.results.keep(model.model_id, judged)
    json_file, _page = champions.write_card(house, "champion")
    edited(json_file.parent, lambda c: c["texts"].update(contact="The desk for selectivity."))
    house.results.keep(model.model_id, replace(judged, judge="examinations"))
    assert any(line.startswith("evaluation.judge") for line in champions.check_card(house, "champion"))
    champions.write_card(house, "champion")
    assert champions.check_card(house, "champion") == []
    kept = json.loads(json_file.read_text(encoding="utf-8"))
    assert kept["texts"]["contact"] == "The desk for selectivity.", "words that were edited stay"
    assert house.registry.load("champion").model_id == model.model_id, "a card is no part of the checked model"


def test_words_can_come_from_a_file_and_are_checked() -> None:
    assert cards.Texts.from_toml('contact = "us"').contact == "us"
    with pytest.raises(BadSetting, match="Did you mean 'contact'"):
        cards.Texts.from_toml('contacts = "us"')
    with pytest.raises(BadSetting, match="expected a list of texts"):
        cards.Texts.from_toml('caveats = "one"')
    with pytest.raises(Refused, match="as TOML"):
        cards.Texts.from_toml("caveats = ")


def test_the_commands_of_a_card_make_the_same_model_again(tmp_path, monkeypatch) -> None:
    """From nothing but the card's commands: the same content digest."""
    monkeypatch.chdir(tmp_path)
    first = Workspace.at(tmp_path / "first")
    workbench.generate("made", items=1500, days=40, seed=3)
    data = workbench.load_data("made")
    model = workbench.train(data, "logistic", labels="truth", seed=5, without=("text",), workspace=first)
    workbench.evaluate(model, data, workspace=first)
    said = champions.model_card(first, model.model_id)["reproduce"]["commands"]
    assert len(said) == 2 and "--without text" in said[1]
    for line in said:
        words = re.sub("^risk ", "", line).split() + (["--workspace", "second"] if "train" in line else [])
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, done.output
    second = Workspace.at(tmp_path / "second").registry
    wanted = first.registry.manifest(model.model_id)["content_sha256"]
    assert second.manifest(second.resolve("champion"))["content_sha256"] == wanted
    folder = second.folder("champion")
    assert (folder / "card.html").exists(), "risk train leaves the card beside the model"
    ok = CliRunner().invoke(app, ["card", "champion", "--check", "--workspace", "second"])
    assert ok.exit_code == 0 and ok.stdout == ""
    edited(folder, lambda c: c["texts"].update(logging=""))
    bad = CliRunner().invoke(app, ["card", "champion", "--check", "--workspace", "second"])
    assert bad.exit_code == 1 and "texts.logging is empty" in bad.stdout
