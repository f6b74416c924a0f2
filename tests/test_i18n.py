"""The reader's language: catalogues are complete, numbers and moments follow it, no text is left unmarked."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from risk import casework, workbench
from risk.access import ROLES
from risk.lab.shown import load_shown
from risk.ui import i18n
from risk.ui.present import item, words

UI = Path(i18n.__file__).parent
OURS = sorted(UI.rglob("*.py"))


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            yield name, node


def marked(path: Path) -> Iterator[str | tuple[str, str]]:
    """Every text that a page marks for translation."""
    for name, call in calls(ast.parse(path.read_text(encoding="utf-8"))):
        given = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if name in ("_", "N_") and given:
            yield given[0]
        elif name == "plural":
            assert len(given) >= 2, f"{path.name}: {ast.unparse(call)} hides its texts from the catalogue"
            yield given[0], given[1]


def spoken() -> set[str]:
    """What pages translate without naming it: words of casework, of roles, of the data dictionary, of schemes."""
    said = {*casework.LANES.values(), *casework.CHANNELS.values(), *casework.ACTIONS.values()}
    said |= {*casework.OUTCOMES.values(), *casework.DESERVED.values()}
    for code, (text, _actions) in casework.REASON_CODES.items():
        said |= {text, code.replace("_", " ").capitalize()}
    said |= {role.replace("_", " ") for role in ROLES}
    d = workbench.default_dictionary()
    for field in d.fields():
        said |= {field.title, *field.levels.values()}
    for feature in d.features:
        said |= {feature.title, *feature.reason.values(), *filter(None, [feature.because])}
    facts = load_shown().facts
    return said | {title for world in facts.values() for title in world["schemes"].values()}


def refusals() -> set[str]:
    """What the rules of the training room refuse with, said in the reader's language by `i18n.told`."""
    said = {"a code has {n} letters or digits; this one has {m}"}  # given by a variable
    for path in (*(UI.parent / "classroom").rglob("*.py"), *(UI.parent / "hall").rglob("*.py")):
        for name, call in calls(ast.parse(path.read_text(encoding="utf-8"))):
            if name == "ClassRefused":
                given = [*call.args, *(k.value for k in call.keywords if k.arg == "todo")]
                assert not any(isinstance(a, ast.JoinedStr) for a in given), f"{path.name}:{call.lineno}"
                said |= {a.value for a in given if isinstance(a, ast.Constant)}
    return said


def places(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("language", sorted(set(i18n.LANGUAGES) - {"en"}))
def test_every_text_is_translated_with_the_same_places(language):
    known = i18n.catalog(language)
    wanted = {text for path in OURS for text in marked(path)} | spoken() | refusals()
    assert sorted(str(t) for t in wanted if t not in known) == []
    for text in wanted:
        ours, theirs = (t if isinstance(t, tuple) else (t,) for t in (text, known[text]))
        assert {p for t in ours for p in places(t)} == {p for t in theirs for p in places(t)}, text


SHOWN = set(
    "title subheader button expander text_input text_area selectbox multiselect radio pills slider note "
    "spinner number_input page_link download_button form_submit_button segmented_control file_uploader "
    "checkbox toggle flash caption metric".split()
)
PLAIN = {"Language · Langue"}


@pytest.mark.parametrize("path", OURS, ids=lambda p: p.name)
def test_no_text_that_a_person_reads_is_left_unmarked(path):
    for name, call in calls(ast.parse(path.read_text(encoding="utf-8"))):
        if name in SHOWN and call.args:
            first = call.args[0]
            bare = first.value if isinstance(first, ast.Constant) else None
            is_text = isinstance(bare, str) and re.search("[A-Za-z]{2}", bare) and bare not in PLAIN
            assert not is_text, f"{path.name}:{call.lineno}: {bare!r} is shown but not marked with _()"
            assert not isinstance(first, ast.JoinedStr) or not re.search(
                "[a-z]{3} [a-z]{2}", "".join(p.value for p in first.values if isinstance(p, ast.Constant))
            ), f"{path.name}:{call.lineno}: a sentence is built without _()"


@pytest.fixture
def french():
    before = i18n._asked[0]
    i18n.speak(lambda: "fr")
    yield
    i18n.speak(before)


def test_numbers_and_moments_follow_the_reader(french):
    assert i18n.number(1234567.5, 1) == "1\u202f234\u202f567,5"
    assert i18n.percent(0.125, 1) == "12,5\u202f%"
    assert i18n.moment("2031-02-28T14:05:11Z") == "28 févr. 2031, 14:05 UTC"
    assert i18n.plural("{n} item", "{n} items", 0) == "0 envoi"
    assert words.frequency(0.14) == "Parmi de tels envois, environ 14 sur 100 sont irréguliers."


def test_values_in_words_are_put_into_the_language(french):
    tr = i18n.translator()
    assert tr("1.25 kg") == "1,25 kg" and tr("12,500") == "12\u202f500" and tr("1 piece") == "1 pièce"
    assert tr("R05") == "R05" and tr("UA123456789QM") == "UA123456789QM"


def test_an_item_is_explained_in_french(french, model, data):
    declared = workbench.known(data, model.dictionary).declarations.head(1)
    row = declared.reset_index(drop=True).join(
        model.attribute(declared).drop(columns="item_id").reset_index(drop=True)
    )
    view = item.item_view(model, row)
    said = " ".join(r.text for r in (*view.raising, *view.lowering))
    assert not view.withheld and "the odds" not in said and " usual" not in said and " is " not in said


def test_an_unknown_language_is_english():
    before = i18n._asked[0]
    i18n.speak(lambda: "xx")
    assert i18n.language() == "en"
    i18n.speak(before)
