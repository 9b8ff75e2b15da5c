"""What a mart's SELECT gives and reads, found without Spark."""

from __future__ import annotations

import pytest

from yishu.contract.select import Select, TableRead, Unreadable, read_select


@pytest.mark.parametrize(
    ("text", "columns", "tables"),
    [
        ("select a, count(*) as n\nfrom silver.x s\njoin dim.d on s.a = d.a\ngroup by a", "a n", "silver.x:2 dim.d:3"),
        ("with x as (select a, b from silver.t)\nselect * from x", "a b", "silver.t:1"),
        ("with x as (select a from silver.t), y as (select * from x) select * from y", "a", "silver.t:1"),
        ("select * from (select 1 as a, 2 as b) q", "a b", ""),
        ("select a from silver.t union all select b from silver.u", "a", "silver.t:1 silver.u:1"),
        ("select a from silver.t where exists (select 1 from codes.c where c.code = t.a)", "a", "codes.c:1 silver.t:1"),
        ("select a, q as 市 from Silver.T lateral view explode(b) e as q", "a 市", "silver.t:1"),
        ("select n from range(10) as r(n)", "n", ""),
        ("select a, row_number() over (order by b) as rn from silver.t qualify rn = 1", "a rn", "silver.t:1"),
    ],
)
def test_columns_and_tables(text: str, columns: str, tables: str) -> None:
    read = [TableRead(name, int(line)) for name, line in (t.split(":") for t in tables.split())]
    assert read_select(text) == Select(tuple(columns.split()), tuple(read))


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("select *\nfrom silver.t", 1, "gives `*`"),
        ("select a,\n  t.*\nfrom silver.t t", 2, "gives `*`"),
        ("select * except (a) from (select 1 as a, 2 as b)", 1, "gives `*`"),
        ("with x as (select * from x) select * from x", 1, "gives `*`"),
        ("select a,\n sum(b)\nfrom silver.t", 2, "column 2 of the SELECT has no name"),
        ("select a\nfrom t", 2, "table 't' has no schema"),
        ("select a from (\nselect b from\n", 2, "cannot be parsed"),
        ("select 1 as a; select 2 as a", 1, "2 statements"),
        ("-- nothing\n", 1, "0 statements"),
        ("insert into silver.t select 1 as a", 1, "another statement than a SELECT"),
        ("drop table silver.t", 1, "another statement than a SELECT"),
    ],
)
def test_what_no_mart_can_have(text: str, line: int, what: str) -> None:
    read = read_select(text)
    assert isinstance(read, Unreadable)
    assert what in read.what
    assert read.line == line
    assert read.remedy
