"""The hash chain: every way of tampering is found and named, by the workbench and by the lone verifier."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import datetime, timedelta, timezone
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

import risk.verify_log as lone
from risk.audit import (
    Draft,
    Entry,
    canonical_json,
    entry_hash,
    head_seal,
    make_seal,
    next_entry,
    parse_entry,
    parse_seal,
    seal_is_genuine,
    to_line,
    utc_text,
    verify_chain,
)
from risk.errors import Refused
from tests.fixtures_audit import KEY, edit, make_log


def rehash(entries: list[Entry], start: int) -> list[Entry]:
    """Return the log with numbers, links and hashes made to fit from index `start` on: a forger's work."""
    log = entries[:start]
    for entry in entries[start:]:
        draft = Draft(entry.actor, entry.role, entry.event, entry.payload, entry.item_id)
        log.append(next_entry(log[-1] if log else None, draft, utc=entry.utc))
    return log


def lone_findings(log: list[Entry]) -> list[str]:
    return list(lone.check_chain([asdict(entry) for entry in log]))


def test_a_sound_log_has_no_findings():
    log = make_log(20)
    report = verify_chain(log)
    assert report.ok and report.entries == report.head_seq == 20 and report.head_hash == log[-1].hash
    assert "no seal vouches for its end" in report.sentence
    assert lone_findings(log) == []


@pytest.mark.parametrize(
    "cells",
    [
        {"utc": "2026-01-05T08:00:04.001Z"},
        {"actor": "reviewer-9"},
        {"role": "trainer"},
        {"event": "case_claimed"},
        {"item_id": ""},
        {"payload": '{"decision":"release"}'},
        {"prev_hash": "f" * 64},
        {"hash": "f" * 64},
        {"seq": 500},
    ],
)
def test_an_edit_of_any_field_is_found_at_its_entry(cells):
    log = edit(make_log(10), 4, **cells)
    report = verify_chain(log)
    assert report.findings[0].seq in (5, cells.get("seq"))
    assert report.findings[0].code in ("edited", "renumbered")
    assert lone_findings(log)[0].startswith("line 5 ")


def test_an_edit_leaves_exactly_one_finding():
    report = verify_chain(edit(make_log(10), 4, actor="someone else"))
    assert [(f.code, f.seq) for f in report.findings] == [("edited", 5)]


def test_an_edit_with_its_own_hash_recomputed_is_found_at_that_entry():
    log = make_log(10)
    forged = replace(log[4], actor="someone else")
    log[4] = replace(forged, hash=entry_hash(forged))
    assert [(f.code, f.seq) for f in verify_chain(log).findings] == [("edited", 5)]
    assert len(lone_findings(log)) == 1


def test_a_replaced_first_entry_is_found():
    log = make_log(3)
    forged = replace(log[0], prev_hash="1" * 64)
    log[0] = replace(forged, hash=entry_hash(forged))
    assert [(f.code, f.seq) for f in verify_chain(log).findings][0] == ("edited", 1)


@pytest.mark.parametrize(
    ("start", "stop", "said"), [(4, 5, "Entry 5 was"), (0, 1, "Entry 1 was"), (2, 6, "3 to 6")]
)
def test_a_deletion_is_found_with_its_numbers(start, stop, said):
    log = make_log(10)
    del log[start:stop]
    findings = verify_chain(log).findings
    assert [f.code for f in findings] == ["deleted"] and said in findings[0].message
    assert lone_findings(log)


def test_a_deletion_beside_an_edit_gives_both():
    log = make_log(10)
    log = edit(log, 5, actor="x")
    del log[4]
    assert {(f.code, f.seq) for f in verify_chain(log).findings} == {("edited", 6), ("deleted", 5)}


def test_a_deletion_with_the_rest_renumbered_is_found_where_it_begins():
    log = make_log(10)
    del log[4]
    log = [replace(entry, seq=i) for i, entry in enumerate(log, start=1)]
    first = verify_chain(log).findings[0]
    assert (first.code, first.seq) == ("renumbered", 5) and "written as number 6" in first.message


def test_an_insertion_is_found_once():
    log = make_log(10)
    extra = next_entry(log[3], Draft("x", "reviewer", "e", {}), utc=log[4].utc)
    log.insert(4, extra)
    assert [(f.code, f.seq) for f in verify_chain(log).findings] == [("inserted", 5)]
    assert lone_findings(log)


def test_a_change_of_order_is_found():
    log = make_log(10)
    log[4], log[5] = log[5], log[4]
    assert [(f.code, f.seq) for f in verify_chain(log).findings] == [("reordered", 5)]
    assert lone_findings(log)


def test_a_change_of_order_with_swapped_numbers_is_found():
    log = make_log(10)
    log[4], log[5] = replace(log[5], seq=5), replace(log[4], seq=6)
    assert [(f.code, f.seq) for f in verify_chain(log).findings] == [("renumbered", 5), ("renumbered", 6)]


def test_a_cut_off_end_shows_against_a_seal_only():
    log = make_log(10)
    seal = make_seal(log[-1], utc=log[-1].utc, private_key=KEY)
    assert verify_chain(log[:7]).ok
    report = verify_chain(log[:7], seals=[seal], public_key=KEY.public_key())
    assert [(f.code, f.seq) for f in report.findings] == [("truncated", 7)]
    assert list(lone.check_seals([asdict(e) for e in log[:7]], [asdict(seal)], written_down=[]))


def test_a_full_rewrite_shows_against_a_seal_only():
    log = make_log(10)
    seals = [make_seal(log[i], utc=log[i].utc, private_key=KEY) for i in (1, 6, 9)]
    forged = rehash(edit(log, 4, actor="someone else"), 4)
    assert verify_chain(forged).ok and lone_findings(forged) == []
    report = verify_chain(forged, seals=seals, public_key=KEY.public_key())
    assert [(f.code, f.seq) for f in report.findings] == [("rewritten", 7), ("rewritten", 10)]
    assert report.sealed_to == 2
    assert len(list(lone.check_seals([asdict(e) for e in forged], map(asdict, seals), written_down=[]))) == 2


def test_a_seal_that_was_written_down_shows_a_rewrite_without_any_key():
    log = make_log(10)
    noted = head_seal(log[6].hash)
    assert verify_chain(log, written_down=[noted.lower().replace("0", "o")]).ok
    forged = rehash(edit(log, 2, actor="someone else"), 2)
    assert [f.code for f in verify_chain(forged, written_down=[noted]).findings] == ["seal_unknown"]
    assert list(lone.check_seals([asdict(e) for e in forged], [], written_down=[noted]))
    assert list(lone.check_seals([asdict(e) for e in log], [], written_down=[noted])) == []


def test_a_forged_or_altered_seal_is_found_and_vouches_for_nothing():
    log = make_log(4)
    real = make_seal(log[-1], utc=log[-1].utc, private_key=KEY)
    other = make_seal(log[-1], utc=log[-1].utc, private_key=Ed25519PrivateKey.from_private_bytes(bytes(32)))
    for seal in (
        other,
        replace(real, seq=3),
        replace(real, utc="2030" + real.utc[4:]),
        replace(real, signature="zz"),
    ):
        report = verify_chain(log, seals=[seal], public_key=KEY.public_key())
        assert [f.code for f in report.findings] == ["bad_signature"] and report.sealed_to == 0
    assert not verify_chain(log, seals=[real]).ok  # no key: no trust
    assert verify_chain(log, seals=[real], public_key=KEY.public_key()).sealed_to == 4


def test_an_empty_log_is_not_intact():
    assert [f.code for f in verify_chain([]).findings] == ["empty"]


def test_findings_are_counted_exactly_and_listed_up_to_a_hundred():
    log = [replace(entry, actor="x") for entry in make_log(250)]
    report = verify_chain(log)
    assert report.count == 250 and len(report.findings) == 100


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_single_change_to_any_line_is_found_by_both_verifiers(data):
    log = make_log(6)
    at = data.draw(st.integers(0, 5))
    name = data.draw(st.sampled_from([f for f in lone.FIELDS if f != "seq"]))
    text = data.draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
    changed = edit(log, at, **{name: text})
    assert verify_chain(changed).ok == (changed == log) == (lone_findings(changed) == [])


@settings(max_examples=60, deadline=None)
@given(st.permutations(list(range(5))), st.sets(st.integers(0, 4), max_size=2))
def test_any_order_and_any_omission_before_the_end_is_found_by_both_verifiers(order, dropped):
    log = make_log(5)
    shuffled = [log[i] for i in order if i not in dropped]
    sound = shuffled == log[: len(shuffled)] and bool(shuffled)
    assert verify_chain(shuffled).ok == sound
    assert (lone_findings(shuffled) == []) == (sound or not shuffled)


texts = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=12)


@settings(max_examples=80, deadline=None)
@given(st.lists(texts.filter(str.strip), min_size=3, max_size=3), st.integers(0, 4))
def test_moving_characters_between_fields_changes_the_hash(words, cut):
    """The byte form is unambiguous: the same characters split differently never hash the same."""
    one = next_entry(None, Draft(words[0], words[1], "e", "{}", words[2]), utc="t")
    joined = "".join(words)
    split = (joined[: cut + 1], joined[cut + 1 : cut + 2], joined[cut + 2 :])
    other = replace(one, actor=split[0], role=split[1], item_id=split[2])
    assert (entry_hash(other) == one.hash) == (split == tuple(words))


@settings(max_examples=50, deadline=None)
@given(
    texts.filter(str.strip),
    st.dictionaries(texts, st.integers() | st.floats(allow_nan=False, allow_infinity=False)),
)
def test_lines_are_read_back_as_written(actor, payload):
    entry = next_entry(None, Draft(actor, "r", "e", payload), utc="t")
    assert parse_entry(to_line(entry)) == entry and "\n" not in to_line(entry)
    assert entry.data() == payload
    assert lone.line_hash(json.loads(to_line(entry))) == entry.hash


def test_the_hash_is_what_the_documentation_says():
    entry = next_entry(None, Draft("é", "r", "e", {}), utc="2026")
    by_hand = b"10:risk-log-1,1:1,4:2026,2:\xc3\xa9,1:r,1:e,0:,2:{},64:" + b"0" * 64 + b","
    assert entry.hash == sha256(by_hand).hexdigest()


@pytest.mark.parametrize(
    "line",
    ["", "[]", "{}", "null", "[" * 100_000, '{"seq":"1"}', to_line(make_log(1)[0]).replace("1,", '"1",', 1)],
)
def test_a_line_that_is_no_entry_is_refused_with_what_was_expected(line):
    with pytest.raises(Refused, match="Expected one JSON object with the fields seq, utc"):
        parse_entry(line)


def test_text_that_cannot_be_written_is_refused_before_anything_is_made():
    for actor in ("", "   ", "a\nb", "a\x00", "\ud800", "x" * 201):
        with pytest.raises(Refused, match="actor is .* expected one line"):
            next_entry(None, Draft(actor, "r", "e", {}), utc="t")
    for payload in ({"a": float("inf")}, {"a": object()}, {"a": "\ud800"}, {"a": {1, 2}}):
        with pytest.raises(Refused, match="must be plain JSON"):
            canonical_json(payload)


def test_moments_are_written_in_utc_and_naive_ones_refused():
    east = timezone(timedelta(hours=5))
    assert utc_text(datetime(2026, 1, 5, 13, tzinfo=east)) == "2026-01-05T08:00:00.000Z"
    with pytest.raises(Refused, match="time zone"):
        utc_text(datetime(2026, 1, 5))


def test_a_seal_is_read_back_and_genuine():
    seal = make_seal(make_log(2)[-1], utc="2026-01-05T08:00:00.000Z", private_key=KEY)
    assert seal_is_genuine(parse_seal(to_line(seal)), KEY.public_key())
