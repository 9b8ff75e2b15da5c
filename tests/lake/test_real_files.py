"""Real files through the real contracts: 1,264 days of Shijiazhuang's air, 57 laws, the provinces' population.

Their known dirt ends in quarantine, none of it in gold. Divisions and industries are code lists: tests/unit/test_content_codes.py.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import pyarrow as pa
import pytest

from small_lake import CHECKOUT, STATS, SmallLake, open_small_lake
from yishu.flow import decisions
from yishu.flow.cases import Because
from yishu.sample.forms import write_file
from yishu.settings import Settings

DATA = CHECKOUT.parent / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real files lie beside the project, not in it")
CHANGAN, FIRST, LAST = "130102", "2000", "2019"
POPULATION = "A09001"
_NAMES = (
    "Beijing Tianjin Hebei Shanxi Inner_Mongolia Liaoning Jilin Heilongjiang Shanghai Jiangsu Zhejiang Anhui Fujian Jiangxi Shandong Henan"
    " Hubei Hunan Guangdong Guangxi Hainan Chongqing Sichuan Guizhou Yunnan Tibet Shaanxi Gansu Qinghai Ningxia Xinjiang"
)
PROVINCES = dict(zip(
    _NAMES.split(),
    (f"{code}0000" for code in (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66))),
    strict=True,
))  # fmt: skip
Row = Mapping[str, object]


@pytest.fixture(scope="module")
def real(server: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallLake]:
    small = open_small_lake(server, tmp_path_factory.mktemp("real"), project=CHECKOUT)
    hand_in(small, "air_quality", "2017-05-31", air())
    hand_in(small, "policy_document", "2025-01-09", laws())
    hand_in(small, "macro_indicator_meta", LAST, [meta()])
    hand_in(small, "macro_indicator_obs", f"{LAST}-12", population())
    report = small.run("environment", "policy_doc", "macro_economy")
    assert not report.errors, report.errors
    assert {d.dataset: d.state for d in report.settled} == {
        "air_quality": "accepted", "policy_document": "accepted", "macro_indicator_meta": "accepted", "macro_indicator_obs": "held",
    }  # fmt: skip
    # a tenth of the yearbook's rows are sums: the gate holds such a file, a person lets it through, and they stay out all the same
    decisions.release(small.lake, small.newest("macro_indicator_obs").id, Because("李处长", "年鉴原表，合计行不入库"))
    report = small.run("macro_economy")
    assert not report.errors and {d.state for d in report.settled} == {"accepted"}
    yield small
    small.close()


def hand_in(small: SmallLake, name: str, period: str, rows: Sequence[Row]) -> None:
    """In the form that the contract says, to the department's folder."""
    dataset = small.lake.project.datasets[name]
    columns = {f.name: pa.array([text(row.get(f.name)) for row in rows], pa.string()) for f in dataset.fields}
    file = small.lake.settings.home / f"{name}.{dataset.supply.format}"
    write_file(file, dataset, columns, {})
    department = small.lake.project.departments[dataset.suppliers[0]].code
    small.put(name, period, file.read_bytes(), file.name, department)


def text(value: object) -> str | None:
    return None if value is None or value == "" else str(value)


def air() -> list[Row]:
    """A day's means as the 24 hours of one station."""
    return [
        {
            "station_code": "1028A", "station_name": "世纪公园", "division_code": CHANGAN, "monitor_time": f"{day['日期']} {hour:02}:00:00",
            "pm25": day["PM2.5"], "pm10": day["PM10"], "so2": day["SO2"], "no2": day["NO2"], "co": day["CO"], "o3_8h": day["O3_8h"],
            "aqi": day["AQI"], "qc_flag": "H",
        }
        for day in days() for hour in range(24)
    ]  # fmt: skip


def days() -> list[dict[str, str]]:
    with (DATA / "air_quality" / "shijiazhuang_daily_2013_2017.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def laws() -> list[Row]:
    """Each law once per day on which it was issued or revised, as its head tells; the last version is that of the file's name."""
    rows: list[Row] = []
    for number, file in enumerate(sorted((DATA / "policies").glob("*.md")), 1):
        title, last = re.fullmatch(r".*__(.+)\((\d{4}-\d\d-\d\d)\)", file.stem).groups()  # type: ignore[union-attr]
        body = file.read_text(encoding="utf-8")
        head = body.split("<!-- INFO END -->")[0]
        known = {f"{y}-{int(m):02}-{int(d):02}" for y, m, d in re.findall(r"(\d{4})年(\d+)月(\d+)日", head)}
        versions = sorted({day for day in known if day < last} | {last})
        rows += [
            {
                "policy_id": f"LAW-{number:04}", "policy_title": title, "issuer_code": "11130000000211908Y", "issuer_name": "国务院",
                "written_date": versions[0], "publish_date": versions[0], "policy_status": "1", "body_md": body,
                "update_time": f"{day} 08:00:00",
            }
            for day in versions
        ]  # fmt: skip
    return rows


def meta() -> Row:
    return {
        "indicator_code": POPULATION, "indicator_name": "年末常住人口", "definition": "年末在本地区常住的人口", "unit": "万人", "freq": "Y",
        "valid_from": f"{FIRST}-01-01", "update_time": "2020-03-01 08:00:00",
    }  # fmt: skip


def population() -> list[Row]:
    """As it stands in the yearbook, sum rows and all."""
    lines = [line for line in (DATA / "macro" / "china_population_by_province_2000_2019.csv").read_text().splitlines() if line[0] != "#"]
    rows: list[Row] = []
    for line in csv.DictReader(lines):
        place, before = line.pop("Region"), None
        for year, value in line.items():
            growth = None if before is None else round((Decimal(value) / before - 1) * 100, 2)
            before = Decimal(value) if Decimal(value) > 0 else None
            rows.append({
                "indicator_code": POPULATION, "division_code": PROVINCES.get(place.replace(" ", "_"), place), "period": f"{year}-12", "period_type": "Y",
                "value": value, "unit": "万人", "yoy_pct": growth, "vintage_no": 1, "release_date": f"{int(year) + 1}-02-28",
                "data_status": "F", "source_dept": STATS,
            })  # fmt: skip
    return rows


def quarantined(small: SmallLake, dataset: str, *columns: str) -> set[tuple[object, ...]]:
    return set(small.rows(f"quarantine.{dataset}", *columns))


def rules(small: SmallLake, dataset: str) -> dict[str, int]:
    return {r.rule: r.bad for r in small.lake.ledger.rules(small.newest(dataset).id) if r.bad}


def test_a_year_of_air_is_the_mean_of_its_good_days(real: SmallLake) -> None:
    assert rules(real, "air_quality") == {"pm25_within_pm10": 24}
    assert {str(time)[:10] for (time,) in quarantined(real, "air_quality", "monitor_time")} == {"2013-12-13"}
    shown = {str(y): Decimal(str(m)) for y, u, m in real.rows("environment.pm25_by_unit", "stat_year", "unit_code", "pm25_mean") if u == "130100"}
    by_year: dict[str, list[int]] = {}
    for day in days():
        if day["日期"] != "2013-12-13":
            by_year.setdefault(day["日期"][:4], []).append(int(day["PM2.5"]))
    assert sum(map(len, by_year.values())) == 1263 and shown.keys() == by_year.keys()
    for year, readings in by_year.items():
        assert abs(shown[year] - Decimal(sum(readings)) / len(readings)) < Decimal("0.01"), year


def test_the_laws_stand_with_their_versions_and_the_last_is_in_force(real: SmallLake) -> None:
    assert rules(real, "policy_document") == {}
    names = [re.fullmatch(r".*__(.+)\((.+)\)", f.stem) for f in (DATA / "policies").glob("*.md")]
    last = {m[1]: m[2] for m in names if m}
    rows = real.rows("policy_doc.policy_document", "policy_title", "update_time", "_is_current")
    current = {str(title): str(time)[:10] for title, time, now in rows if now}
    assert current == last and len(current) == 57
    holidays = [str(time)[:10] for title, time, _ in rows if title == "全国年节及纪念日放假办法"]
    assert holidays == ["1949-12-23", "1999-09-18", "2007-12-14", "2013-12-11", "2024-11-10"]


def test_sums_and_a_slip_of_the_pen_are_not_in_gold(real: SmallLake) -> None:
    bad = quarantined(real, "macro_indicator_obs", "division_code", "period")
    sums = {(place, f"{year}-12") for place in ("National Total", "sum", "difference") for year in range(2000, 2020)}
    assert bad == sums | {("230000", "2013-12"), ("230000", "2014-12")}, "the year after a slip has a growth that is none, too"
    gold = real.rows("macro_economy.macro_indicator_obs", "division_code", "period", "value")
    assert len(gold) == 31 * 20 - 2 and {place for place, *_ in gold} == set(PROVINCES.values())
    assert ("130000", "2019-12", "7592.0000") in gold
