"""The layers hold: an import may only point down the table of rooms, and lower rooms stay pure."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

#: Every room with its layer. Within a layer, a room may import those listed before it.
ROOMS = [
    ("risk.errors", 0),
    ("risk.schema", 1),
    ("risk.intake", 2), ("risk.schema_infer", 2), ("risk.features", 2), ("risk.access", 2), ("risk.audit", 2),
    ("risk.verify_log", 2),
    ("risk.casework", 2),
    ("risk.models", 3), ("risk.explanation", 3), ("risk.evaluation", 3), ("risk.comparison", 3),
    ("risk.selectivity", 3), ("risk.explanation_audit", 3), ("risk.boosted", 3),
    ("risk.fitted", 4), ("risk.settings", 4), ("risk.recipes", 4), ("risk.training", 4), ("risk.tuning", 4),
    ("risk.leakage", 4), ("risk.counterchecks", 4), ("risk.classroom", 4),
    ("risk.simulation", 4), ("risk.drift", 4), ("risk.cards", 4),
    ("risk.registry", 5), ("risk.batch", 5), ("risk.store", 5), ("risk.results", 5), ("risk.queues", 5),
    ("risk.tasks", 5),
    ("data_synthetic", 5),  # imports layers 0 and 1 only; nobody below layer 6 imports it
    ("risk.datasets", 6), ("risk.judging", 6), ("risk.opening", 6), ("risk.workbench", 6),
    ("risk.champions", 6), ("risk.hall", 6),
    ("risk.lab", 6), ("risk.watching", 6), ("risk.retraining", 6), ("risk.demo", 6),
    ("risk.explaining", 6), ("risk.scoring", 6),
    ("risk.long_work", 6),
    ("risk.ui", 7), ("risk.cli_tools", 7), ("risk.cli_explain", 7), ("risk.cli_data", 7), ("risk.cli_lab", 7),
    ("risk.cli_evaluate", 7),
    ("risk.service", 7), ("risk.cli_scale", 7), ("risk.cli_models", 7), ("risk.cli_train", 7),
    ("risk.cli", 7),
    ("risk.__main__", 7), ("app", 7),
]
PLACE = {room: place for place, (room, _) in enumerate(ROOMS)}
LAYER = dict(ROOMS)
SOURCES = [p for folder in ("risk", "data_synthetic") for p in sorted((ROOT / folder).rglob("*.py"))
           if p != ROOT / "risk" / "__init__.py"] + [ROOT / "app.py"]


def module_of(path: Path) -> str:
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str | None:
    fits = [room for room in PLACE if module == room or module.startswith(room + ".")]
    return max(fits, key=len, default=None)


@cache
def imports_of(path: Path) -> list[tuple[str, int]]:
    """Imported modules as (name, line), those for type checkers only left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {id(n) for block in ast.walk(tree) if isinstance(block, ast.If)
                   and ast.unparse(block.test) == "TYPE_CHECKING" for n in ast.walk(block)}
    found = []
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}:{node.lineno}: relative import; write the whole name"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            whole = [n if room_of(n) and room_of(n) != room_of(node.module) else node.module for n in names]
            found += [(n, node.lineno) for n in whole]
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    here = room_of(module_of(path))
    assert here is not None, f"{path.name} is in no room: add it to ROOMS and to the README's map"
    for name, line in imports_of(path):
        there = room_of(name)
        if there is None or there == here:
            continue
        if here == "data_synthetic":
            assert LAYER[there] <= 1, f"{path}:{line}: the made world imports {name}"
        elif there == "data_synthetic":
            assert LAYER[here] >= 6, f"{path}:{line}: only layer 6 and above may import the made world"
        else:
            assert PLACE[there] < PLACE[here], f"{path}:{line}: {here} (below) imports {there} (above)"


OWNERS = {"streamlit": ("risk.ui", "app"), "shap": ("risk.explanation",), "sqlalchemy": ("risk.store",),
          "fastapi": ("risk.service",),
          "distributed": ("risk.batch",),
          "sqlite3": ("risk.store",), "psycopg": ("risk.store",)}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_each_library_has_one_door(path: Path) -> None:
    for name, line in imports_of(path):
        owners = OWNERS.get(name.split(".")[0])
        if owners:
            assert room_of(module_of(path)) in owners, f"{path}:{line}: {name} may be imported in {owners} only"


def _called(node: ast.Call) -> str:
    parts, at = [], node.func
    while isinstance(at, ast.Attribute):
        parts.append(at.attr)
        at = at.value
    return ".".join([getattr(at, "id", ""), *reversed(parts)]).strip(".")


IMPURE = {"print", "open", "input", "os.getenv", "time.time", "datetime.now", "datetime.utcnow", "datetime.today",
          "pd.Timestamp.now", "os.environ.get"}
PURE = [p for p in SOURCES if LAYER.get(room_of(module_of(p)) or "", 9) <= 4
        and room_of(module_of(p)) not in ("risk.intake", "risk.verify_log")]  # the doors: they read what is given


@pytest.mark.parametrize("path", PURE, ids=lambda p: str(p.relative_to(ROOT)))
def test_lower_rooms_are_pure(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = {_called(n): n.lineno for n in ast.walk(tree) if isinstance(n, ast.Call)}
    assert not IMPURE & set(calls), f"{path}: {sorted(IMPURE & set(calls))}"
    assert "os.environ" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_modules_stay_small(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= 400, f"{path} has {lines} lines; make it a folder"


#: Modules whose tests stand neither under their own name nor under that of their room, and where they do.
TESTED_BY = {
    "risk.__main__": "test_cli", "app": "test_ui_app", "data_synthetic.__main__": "test_data_synthetic_report",
    "risk.models": "test_recipes", "risk.models.base": "test_ga2m", "risk.models.bagging": "test_ga2m",
    "risk.models.binning": "test_ga2m", "risk.models.compile": "test_tables", "risk.models.pairs": "test_ga2m",
    "risk.models.kernels": "test_tables", "risk.models.profile_kernels": "test_profile_tables",
    "risk.models.dated": "test_rules", "risk.models.discovery": "test_recipes",
    "risk.models.logistic": "test_scorecard", "risk.models.sql_profiles": "test_sql",
}
#: Pages are tested as people use them: in a real browser.
PAGES = {"risk.ui.pages": "test_browser", "risk.ui.pages.training_": "test_training_browser",
         "risk.ui.pages.lab_page": "test_ui_lab", "risk.ui.opening": "test_training_browser"}


def test_files(module: str) -> list[str]:
    """Names of test files that are the module's: its own, then its room's."""
    listed = [PAGES[p] for p in sorted(PAGES, key=len, reverse=True) if module.startswith(p)][:1]
    if module in TESTED_BY or listed:
        return [TESTED_BY.get(module) or listed[0]]
    first, *rest = module.split(".")
    parts = rest if first == "risk" else [first, *rest]
    own = ["test_" + "_".join(parts[k:]) for k in range(len(parts))]
    in_room = len(parts) > 1 or any((ROOT / at / parts[0]).is_dir() for at in (".", "risk"))
    return [*own, f"test_{parts[0]}", f"test_{parts[0]}_*"] if in_room else own


test_files.__test__ = False


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_module_has_a_test_file(path: Path) -> None:
    names = test_files(module_of(path))
    found = [name for name in names if [*(ROOT / "tests").glob(f"{name}.py")]]
    assert found, f"{module_of(path)}: expected one of tests/{', '.join(names)}.py; write it, or say in TESTED_BY where"


def test_the_guard_sees_a_breach(tmp_path: Path) -> None:
    """The rules above can fail: a lower room that imports a higher one is seen."""
    bad = tmp_path / "bad.py"
    bad.write_text("from risk import workbench\nimport risk.store\n")
    assert [room_of(name) for name, _ in imports_of(bad)] == ["risk.workbench", "risk.store"]
    assert PLACE["risk.workbench"] > PLACE["risk.schema"]
    assert test_files("risk.unheard_of") == ["test_unheard_of"], "a new module needs a file of its own"


def test_help_answers_without_heavy_imports() -> None:
    """`risk --help` must not import pandas, scikit-learn, shap or streamlit."""
    import subprocess
    import sys

    code = ("import sys; from risk.cli import app; "
            "print([m for m in ('pandas', 'numpy', 'sklearn', 'shap', 'streamlit', 'numba') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


FORBIDDEN = ("fraudster", "suspicious sender", "guilty", "unbiased", "detects smuggling")


@pytest.mark.parametrize("word", FORBIDDEN)
def test_words_we_do_not_write(word: str) -> None:
    for path in SOURCES:
        assert word not in path.read_text(encoding="utf-8").lower(), f"{path}: '{word}'"


def test_every_path_that_the_readme_names_is_there() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:risk|docs|data_synthetic|benchmarks|tests)/[\w./-]+)`", text))
    named |= set(re.findall(r"\]\(([\w./-]+)(?:#[\w-]+)?\)", text))
    assert len(named) > 30 and [p for p in sorted(named) if not (ROOT / p).exists()] == []
