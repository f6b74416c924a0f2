"""The registry: whole or not at all, every byte accounted for, nothing unpickled."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from risk.errors import NotFound, Refused
from risk.features import Features
from risk.registry import Registry

UTC = "2026-01-02T03:04:05+00:00"


@pytest.fixture
def registry(space, model, tmp_path: Path) -> Registry:
    """A copy to break."""
    shutil.copytree(space.root / "models", tmp_path / "models")
    return Registry(tmp_path / "models")


def folder(registry: Registry, model) -> Path:
    return registry.root / model.model_id


def test_a_loaded_model_is_the_same(registry, model, data) -> None:
    again = registry.load(model.model_id)
    frame = data.declarations.head(500)
    np.testing.assert_array_equal(again.score(frame)["margin"], model.score(frame)["margin"])
    assert again.reasons(frame.head(3)) == model.reasons(frame.head(3))
    assert registry.load("champion").model_id == registry.load(model.model_id[:-3]).model_id == model.model_id


def test_identical_content_is_not_written_twice(registry, model, data) -> None:
    again = registry.save(model, data.declarations.head(5), created_utc="2030-01-01T00:00:00+00:00")
    assert again.model_id == model.model_id and len(registry.ids()) == 1


@pytest.mark.parametrize("name", ["model.json", "tables.npz", "golden.parquet"])
def test_a_changed_byte_is_seen(registry, model, name: str) -> None:
    path = folder(registry, model) / name
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(bytes(raw))
    with pytest.raises(Refused, match=f"{name}.*was changed"):
        registry.load(model.model_id)


def _edit_manifest(registry: Registry, model, change) -> None:
    path = folder(registry, model) / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def test_a_model_of_format_1_is_read_as_it_is(registry, model, data) -> None:
    """Its wording knows no words for codes; scores and sentences come all the same."""
    state = model.features.to_state()
    state["state"] = {name: {k: v for k, v in s.items() if k != "codes"} for name, s in state["state"].items()}
    old = registry.save(replace(model, features=Features.from_state(state), model_id=""), data.declarations.head(9),
                        created_utc="2025-01-01T00:00:00+00:00")
    _edit_manifest(registry, old, lambda m: m.update(format=1))
    again, frame = registry.load(old.model_id), data.declarations.head(20)
    np.testing.assert_array_equal(again.score(frame)["margin"], model.score(frame)["margin"])
    told = {r.feature: r.sentence for r in again.reasons(frame)[0]}
    assert told["description_fits"] and "(" not in told["description_fits"].split("code ")[-1][:7]


def test_each_refusal_has_its_words(registry, model) -> None:
    _edit_manifest(registry, model, lambda m: m["sha256"].pop("tables.npz"))
    with pytest.raises(Refused, match="states no hash for tables.npz"):
        registry.load(model.model_id)
    _edit_manifest(registry, model, lambda m: m.update(format=99))
    with pytest.raises(Refused, match="format 99; this program reads up to"):
        registry.load(model.model_id)


def _rewrite(registry: Registry, model, name: str, content: bytes) -> None:
    """Put other content in a file, with the hash that belongs to it."""
    import hashlib

    (folder(registry, model) / name).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    _edit_manifest(registry, model, lambda m: m["sha256"].update({name: digest}))


def test_another_column_set_is_refused(registry, model, data) -> None:
    described = json.loads((folder(registry, model) / "model.json").read_text())
    described["names"][0] = "another"
    _rewrite(registry, model, "model.json", json.dumps(described).encode())
    with pytest.raises(Refused, match="for another column set than its features make.*another"):
        registry.load(model.model_id)
    with pytest.raises(Refused, match="Expected the column.*Nothing was scored"):
        model.score(data.declarations[["item_id", "arrived_utc"]])


def test_an_archive_that_would_fill_the_memory_is_refused(registry, model, monkeypatch) -> None:
    import io

    from risk import registry as module

    packed = io.BytesIO()
    np.savez_compressed(packed, base=np.zeros(2_000_000))
    assert len(packed.getvalue()) < 20_000, "small outside, sixteen megabytes inside"
    monkeypatch.setattr(module, "_MAX_UNPACKED", 10**6)
    _rewrite(registry, model, "tables.npz", packed.getvalue())
    with pytest.raises(Refused, match="would unpack to 16,000,[0-9]+ bytes; at most"):
        registry.load(model.model_id)


def test_what_is_no_archive_and_what_lacks_a_table_are_refused(registry, model) -> None:
    import io

    _rewrite(registry, model, "tables.npz", b"not a zip")
    with pytest.raises(Refused, match="is no npz archive"):
        registry.load(model.model_id)
    packed = io.BytesIO()
    np.savez(packed, **{k: v for k, v in model.tables.to_arrays().items() if k != "edges_0"})
    _rewrite(registry, model, "tables.npz", packed.getvalue())
    with pytest.raises(Refused, match="lacks the array 'edges_0'"):
        registry.load(model.model_id)


def test_too_many_stored_items_are_refused(registry, model, monkeypatch) -> None:
    from risk import registry as module

    monkeypatch.setattr(module, "_MAX_GOLDEN_ROWS", 3)
    with pytest.raises(Refused, match="golden.parquet of .* holds 64 items; at most 3"):
        registry.load(model.model_id)


@pytest.mark.parametrize(("content", "words"), [("{", "is damaged"), ("[]", "is damaged"),
                                                ('{"format": 1}', "does not state content_sha256")])
def test_a_damaged_manifest_is_named(registry, model, content: str, words: str) -> None:
    (folder(registry, model) / "manifest.json").write_text(content)
    with pytest.raises(Refused, match=words):
        registry.load(model.model_id)


def test_a_missing_file_is_named(registry, model) -> None:
    (folder(registry, model) / "tables.npz").unlink()
    with pytest.raises(Refused, match="tables.npz of model .* is missing"):
        registry.load(model.model_id)


def test_scores_that_differ_are_refused(registry, model, monkeypatch) -> None:
    from risk.models import ProfileTables

    real = ProfileTables.margins
    monkeypatch.setattr(ProfileTables, "margins", lambda self, x, **k: real(self, x, **k) + 1e-6)
    with pytest.raises(Refused, match="scores its own stored items differently"):
        registry.load(model.model_id)


def test_unknown_and_ambiguous_names(registry, model, data) -> None:
    with pytest.raises(NotFound, match="risk models list"):
        registry.load("nothing")
    other = type(model)(model.kind, model.features, model.tables.scaled(1.0, 0.1), model.facts)
    registry.save(other, data.declarations.head(5), created_utc=UTC)
    with pytest.raises(Refused, match="could be 2 models"):
        registry.load("profiles")


def test_promotion_needs_a_reason_and_keeps_history(registry, model) -> None:
    with pytest.raises(Refused, match="needs a reason"):
        registry.promote(model.model_id, reason=" ", actor="a", utc=UTC)
    before = len(registry.history())
    registry.promote(model.model_id, reason="better at 1 %", actor="a", utc=UTC)
    assert registry.history()[-1]["reason"] == "better at 1 %" and len(registry.history()) == before + 1


def test_an_empty_workspace_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="Train one: risk train DATA"):
        Registry(tmp_path / "none").load("champion")


def test_a_failed_write_leaves_nothing(registry, model, data, monkeypatch) -> None:
    from risk import registry as module

    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_write_through", full)
    before = sorted(p.name for p in registry.root.iterdir())
    other = type(model)(model.kind, model.features, model.tables.scaled(1.0, 0.2), model.facts)
    with pytest.raises(OSError, match="No space"):
        registry.save(other, data.declarations.head(5), created_utc=UTC)
    assert sorted(p.name for p in registry.root.iterdir()) == before


def test_nothing_is_ever_unpickled(registry, model) -> None:
    import hashlib
    import io

    path, packed = folder(registry, model) / "tables.npz", io.BytesIO()
    np.savez(packed, base=np.array([{"code": 1}], dtype=object), pairs=np.zeros((0, 2)))
    path.write_bytes(packed.getvalue())
    _edit_manifest(registry, model,
                   lambda m: m["sha256"].update({"tables.npz": hashlib.sha256(packed.getvalue()).hexdigest()}))
    with pytest.raises(Refused, match="other than plain arrays; nothing in it was run"):
        registry.load(model.model_id)
