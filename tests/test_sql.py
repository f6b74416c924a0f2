"""The model as SQL gives the model's own numbers, in two engines that share no code."""

from __future__ import annotations

import sqlite3

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.models import AdditiveTables, GA2MClassifier
from risk.models.sql import additive_sql
from risk.scoring import model_sql, write_features


def in_sqlite(sql: str, frame: pd.DataFrame) -> pd.DataFrame:
    with sqlite3.connect(":memory:") as database:
        frame.to_sql("features", database, index=False)
        found = pd.read_sql(sql, database)
    database.close()
    return found


def in_duckdb(sql: str, frame: pd.DataFrame) -> pd.DataFrame:
    with duckdb.connect() as database:
        database.register("given", frame)
        columns = ", ".join(
            f'CASE WHEN isnan("{n}") THEN NULL ELSE "{n}" END AS "{n}"' for n in frame.columns[1:]
        )
        database.execute(f"CREATE TABLE features AS SELECT item_id, {columns} FROM given")
        return database.execute(sql).df()


@pytest.fixture
def in_postgres(new_database):
    import psycopg
    from sqlalchemy import make_url

    def run(sql: str, frame: pd.DataFrame) -> pd.DataFrame:
        url = make_url(new_database())
        with psycopg.connect(host=url.query["host"], user=url.username, dbname=url.database) as database:
            columns = ", ".join(f'"{n}" double precision' for n in frame.columns[1:])
            database.execute(f"CREATE TABLE features (item_id text, {columns})")
            with database.cursor().copy("COPY features FROM STDIN") as copy:
                for row in frame.itertuples(index=False):
                    copy.write_row([None if v != v else v for v in row])
            cursor = database.execute(sql.rstrip().rstrip(";"))
            return pd.DataFrame(cursor.fetchall(), columns=[c.name for c in cursor.description])

    return run


@pytest.mark.parametrize("kind", ["additive", "profiles"])
def test_the_models_own_numbers_in_postgresql(kind, additive, model, data, in_postgres) -> None:
    test_the_models_own_numbers(kind, additive, model, data, in_postgres)


@pytest.fixture(scope="module")
def additive(data):
    """A ga2m model of the session's stream."""
    from risk import workbench

    return workbench.train(data, "ga2m", seed=7)


@pytest.mark.parametrize("engine", [in_sqlite, in_duckdb])
@pytest.mark.parametrize("kind", ["additive", "profiles"])
def test_the_models_own_numbers(kind, additive, model, data, engine) -> None:
    model = additive if kind == "additive" else model
    assert model.kind == ("ga2m" if kind == "additive" else "profiles")
    items = data.declarations.head(1500)
    frame = model.features.transform(items).astype(float)
    frame.insert(0, "item_id", items["item_id"].to_numpy())
    found = engine(model_sql(model), frame)
    expected = model.attribute(items).set_index("item_id").loc[found["item_id"]].reset_index()
    for name in [c for c in found.columns if c != "item_id"]:
        np.testing.assert_allclose(found[name], expected[name], atol=1e-5, err_msg=name)
    assert {f"phi_{n}" for n in model.tables.names} | {"margin", "item_id"} == set(found.columns)
    total = model.base_value + found[[c for c in found if c.startswith("phi_")]].sum(axis=1)
    np.testing.assert_allclose(total, found["margin"], atol=1e-6)


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_any_tables_with_pairs_names_and_thresholds(seed: int) -> None:
    rng = np.random.default_rng([seed, 9])
    names = ['wei"ght', "select", "naïve; drop table x --"]
    x = rng.integers(-3, 4, (60, 3)).astype(np.float32)
    x[rng.random((60, 3)) < 0.2] = np.nan
    edges = [np.unique(rng.integers(-3, 3, 3)).astype(np.float32) for _ in names]
    edges[1] = np.append(edges[1], np.float32(np.inf))  # "stated" apart from "missing"
    size = [len(e) + 2 for e in edges]
    tables = AdditiveTables.build(
        names,
        edges,
        const=0.4,
        single={j: np.round(rng.normal(size=size[j])) for j in range(3)},
        pair={(0, 2): np.round(rng.normal(size=(size[0], size[2])), 1)},
        background=x,
    )
    frame = pd.DataFrame(x.astype(float), columns=names)
    frame.insert(0, "item_id", [f"i{k}" for k in range(60)])
    found = in_sqlite(additive_sql(tables, table="features", id_column="item_id"), frame)
    phi, margin = tables.explain(x)
    np.testing.assert_allclose(found["margin"], margin, atol=1e-9)
    np.testing.assert_allclose(found.drop(columns=["item_id", "margin"]), phi, atol=1e-9)


def test_values_on_a_threshold_fall_where_the_model_puts_them() -> None:
    rng = np.random.default_rng([4, 10])
    x = rng.normal(size=(600, 2)).astype(np.float32)
    model = GA2MClassifier(max_pairs=1, max_iter=15, random_state=0).fit(x, x[:, 0] * x[:, 1] > 0)
    edges = model.tables_.edges[0]
    rows = np.column_stack(
        [np.concatenate([edges, np.nextafter(edges, np.float32(9))]), np.zeros(2 * len(edges))]
    )
    frame = pd.DataFrame(rows, columns=["x0", "x1"])
    frame.insert(0, "item_id", np.arange(len(rows)).astype(str))
    found = in_sqlite(additive_sql(model.tables_, table="features", id_column="item_id"), frame)
    np.testing.assert_allclose(found["margin"], model.decision_function(rows), atol=1e-9)


def test_export_writes_the_query_and_the_table_it_reads(additive, stream_path, tmp_path) -> None:
    model = additive
    from risk import workbench

    write_features(model, stream_path, tmp_path / "features.parquet")
    with duckdb.connect() as database:
        database.execute(f"CREATE TABLE features AS SELECT * FROM '{tmp_path / 'features.parquet'}'")
        found = database.execute(model_sql(model)).df().set_index("item_id")
    scores = workbench.score(model, workbench.load_data(stream_path)).set_index("item_id")
    assert len(found) == len(scores)
    np.testing.assert_allclose(found["margin"].loc[scores.index], scores["margin"], atol=1e-5)
