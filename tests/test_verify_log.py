"""The verifier that stands alone: one copied file, nothing but Python, the same findings."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import risk.verify_log as lone
from risk.audit import (
    head_seal,
    make_seal,
    to_line,
)
from risk.store.seals import public_pem
from tests.fixtures_audit import KEY, edit, make_log


def run_lone(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run the lone verifier the way a stranger does: one copied file, no site packages, another folder."""
    shutil.copy(lone.__file__, folder / "verify_log.py")
    command = [sys.executable, "-I", "-S", "verify_log.py", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


def test_a_stranger_can_verify_with_one_file_and_openssl(tmp_path):
    log = make_log(5)
    seal = make_seal(log[-1], utc=log[-1].utc, private_key=KEY)
    (tmp_path / "log.jsonl").write_text("".join(to_line(e) + "\n" for e in log), encoding="utf-8")
    (tmp_path / "log.jsonl.seals").write_text(to_line(seal) + "\n", encoding="utf-8")
    (tmp_path / "PUBLIC_KEY.pem").write_text(public_pem(KEY.public_key()))
    done = run_lone(tmp_path, "log.jsonl", "--seal", head_seal(log[2].hash), "--signatures", "laid")
    assert done.returncode == 0 and "INTACT: 5 entries" in done.stdout and done.stderr == ""
    if shutil.which("openssl"):
        command = done.stdout.split("seal: ")[1].split("\n")[0]
        assert (
            "Verified Successfully"
            in subprocess.run(
                command.split(), cwd=tmp_path, capture_output=True, text=True, timeout=60
            ).stdout
        )
        (tmp_path / "laid" / "seal.message").write_bytes(b"another message")
        assert subprocess.run(command.split(), cwd=tmp_path, capture_output=True, timeout=60).returncode != 0


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"not json\n", b"\xff\xfe\n", b'{"seq":1}\n', b"[" * 100_000, b'"\\ud800"\n']
)
def test_the_lone_verifier_refuses_a_file_that_is_no_log(tmp_path, content):
    (tmp_path / "log.jsonl").write_bytes(content)
    done = run_lone(tmp_path, "log.jsonl")
    assert done.returncode == 1 and "Traceback" not in done.stderr and "NOT" in done.stderr


def test_the_lone_verifier_reports_tampering_with_exit_code_one(tmp_path):
    log = edit(make_log(5), 2, actor="x")
    (tmp_path / "log.jsonl").write_text("".join(to_line(e) + "\n" for e in log), encoding="utf-8")
    done = run_lone(tmp_path, "log.jsonl")
    assert (
        done.returncode == 1 and "line 3 (entry 3)" in done.stderr and "NOT INTACT: 1 problem" in done.stderr
    )
