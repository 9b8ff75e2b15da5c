"""Keys compared as handed in: cells that become one key must meet, whatever form they were written in."""

from __future__ import annotations

import duckdb
import pytest
from derive_case import PERSON

from yishu.contract.model import Field, Kind, Type
from yishu.flow.repeats import coarse


def field(kind: Kind) -> Field:
    return PERSON.fields[0].model_copy(update={"name": 'a "key"', "type": Type(kind=kind)})


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        ("string", ["A1B", "Ａ１Ｂ", " A1B\t", "a1b", "A 1B\u3000", "\ufeffA1\u200bB"]),
        ("string", ["O'NEIL", "Ｏ＇ＮＥＩＬ"]),
        ("integer", ["1000", "1,000", "01000", "１０００", " 1000 ", "1000.0"]),
        ("date", ["2024-01-06", "2024/1/6", "20240106", "2024年1月6日", "2024-01-06 00:00:00", "２０２４-01-06"]),
    ],
)
def test_forms_of_one_key_meet(kind: Kind, cells: list[str]) -> None:
    with duckdb.connect() as engine:
        engine.execute('CREATE TABLE t ("a ""key""" VARCHAR)')
        engine.executemany("INSERT INTO t VALUES (?)", [[c] for c in cells])
        found = engine.execute(f"SELECT DISTINCT {coarse(field(kind), False)} FROM t").fetchall()
    assert len(found) == 1, found


@pytest.mark.parametrize("kind", ["string", "integer", "date"])
def test_other_keys_stay_apart(kind: Kind) -> None:
    with duckdb.connect() as engine:
        one, other = {"string": ("A1", "A2"), "integer": ("12", "13"), "date": ("2024-01-06", "2024-01-07")}[kind]
        query = f'SELECT (SELECT {coarse(field(kind), True)} FROM (SELECT ? AS "a ""key""")) AS x'
        assert engine.execute(query, [one]).fetchall() != engine.execute(query, [other]).fetchall()
