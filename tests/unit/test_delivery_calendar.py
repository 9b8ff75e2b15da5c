"""Who owes what for which period and when: working days with make-up days, offices that begin and end, what has come."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest

from yishu.contract.load import load_project, read_project
from yishu.contract.model import Cycle, Database, Dataset, Department, Field, Project, Type
from yishu.contract.period import PeriodForm, parse_period, period_of
from yishu.derive.duties import DEADLINES, FORMS, Duty, duties
from yishu.derive.workdays import guessed, is_workday, workday_after, workdays_between
from yishu.flow.due import Reckoned, as_row, late_by_owner, reckon
from yishu.lake.ledger import Balance, Delivery, DeliveryState

if TYPE_CHECKING:
    from conftest import ProjectFiles

D = dt.date.fromisoformat
OLD, NEW, OTHER = "11130000OLD000001X", "11130000NEW000001X", "11130000XXX000001X"
FIRM = "schemas/basic/legal/firm.yaml"


def office(id: str, code: str, since: str = "2000-01-01", until: str | None = None, heir: str | None = None) -> Department:
    return Department(
        id=id, code=code, name=f"省{id}局", valid_from=D(since), valid_to=D(until) if until else None, successor=heir
    )


def project(cycle: Cycle, *offices: Department, deadline: int | None = None, since: str | None = None) -> Project:
    field = Field(name="code", title="代码", type=Type(kind="string"), key_position=1, required=True)
    thing = Dataset(
        name="thing", title="事物", database="d", version="1.0.0", suppliers=tuple(o.id for o in offices or (office("甲", NEW),)),
        mode="append", cycle=cycle, deadline=deadline, since=D(since) if since else None, sharing="none", fields=(field,),
        file=Path("thing.yaml"),
    )  # fmt: skip
    lead = Database(name="d", title="库", kind="basic", lead="省牵头厅", file=Path("database.yaml"))
    return Project(
        root=Path(), elements={}, departments={o.id: o for o in offices or (office("甲", NEW),)}, codelists={},
        databases={"d": lead}, marts={}, datasets={"thing": thing},
    )  # fmt: skip


def owed(of: Project, first: str, last: str) -> list[Duty]:
    return duties(of, of.datasets["thing"], D(first), D(last))


def shown(found: list[Duty]) -> list[tuple[str, str, str]]:
    return [(d.department.id, d.period.text, d.due.isoformat()) for d in found]


# --- working days


def test_holidays_rest_and_make_up_days_work() -> None:
    assert [is_workday(D(day)) for day in ("2024-09-29", "2024-10-01", "2024-10-12", "2024-10-13")] == [
        True,
        False,
        True,
        False,
    ]
    assert workday_after(D("2024-09-30"), 1) == D("2024-10-08")
    assert workday_after(D("2024-10-11"), 1) == D("2024-10-12"), "a Saturday that makes up for the holiday"
    assert workdays_between(D("2024-09-30"), D("2024-10-14")) == 6
    assert workdays_between(D("2024-10-14"), D("2024-10-14")) == workdays_between(D("2024-10-15"), D("2024-10-14")) == 0


def test_beyond_the_published_years_weekdays_are_taken_and_it_is_said() -> None:
    assert is_workday(D("2199-10-01")) and not is_workday(D("2199-10-05"))
    assert guessed(D("2024-01-01"), D("2024-12-31")) == []
    assert guessed(D("2003-12-01"), D("2004-02-01")) == [2003]
    assert guessed(D("2198-12-31"), D("2199-01-01")) == [2198, 2199]


@pytest.mark.parametrize("form", get_args(PeriodForm))
def test_every_day_lies_in_exactly_one_period_of_each_form(form: PeriodForm) -> None:
    day = D("2019-12-20")
    while day < D("2022-01-15"):
        period = period_of(form, day)
        assert period == parse_period(period.text) and period.form == form
        assert period.start <= day <= period.end
        day += dt.timedelta(days=1)


# --- when it is due


@pytest.mark.parametrize(
    ("cycle", "first", "last", "expected"),
    [
        # 30 September, then the holiday of 1 to 7 October and the make-up Saturday of the 12th
        ("monthly", "2024-09-01", "2024-10-30", [("2024-09", "2024-10-18")]),
        ("monthly", "2024-02-28", "2024-03-31", [("2024-02", "2024-03-14"), ("2024-03", "2024-04-15")]),
        ("monthly", "2024-12-31", "2025-01-30", [("2024-12", "2025-01-15")]),
        ("quarterly", "2024-10-01", "2025-03-30", [("2024Q4", "2025-01-22")]),
        ("half-yearly", "2024-06-30", "2024-06-30", [("2024H1", "2024-07-26")]),
        ("yearly", "2024-12-31", "2024-12-31", [("2024", "2025-02-18")]),  # across the Spring Festival of 2025
        # week 1 of 2025 begins in 2024; its Wednesday is New Year's Day
        ("weekly", "2024-12-30", "2025-01-06", [("2025-W01", "2025-01-08")]),
        ("daily", "2024-09-27", "2024-10-09", [
            ("2024-09-27", "2024-09-29"), ("2024-09-29", "2024-09-30"), ("2024-09-30", "2024-10-08"),
            ("2024-10-08", "2024-10-09"), ("2024-10-09", "2024-10-10"),
        ]),
        ("realtime", "2024-01-01", "2024-12-31", []),
    ],
)  # fmt: skip
def test_periods_and_the_last_day_in_time(cycle: Cycle, first: str, last: str, expected: list[tuple[str, str]]) -> None:
    assert [line[1:] for line in shown(owed(project(cycle), first, last))] == expected


def test_every_cycle_but_realtime_has_a_form_and_a_usual_deadline() -> None:
    assert set(FORMS) == set(DEADLINES) == set(get_args(Cycle)) - {"realtime"}


def test_a_contract_says_its_own_deadline_and_first_day() -> None:
    (duty,) = owed(project("monthly", deadline=1, since="2024-09-01"), "2024-01-01", "2024-10-01")
    assert (duty.period.text, duty.due) == ("2024-09", D("2024-10-08"))


def test_terms_are_read_from_sla_properties(project_files: ProjectFiles) -> None:
    frequency = "  - {property: frequency, value: daily}\n"
    more = (
        "  - {property: latency, value: 2, unit: d}\n  - {property: generalAvailability, value: '2024-03-01T00:00:00+08:00'}\n"
    )
    project_files.change(FIRM, frequency, frequency + more)
    firm = load_project(project_files.root).datasets["firm"]
    assert (firm.cycle, firm.deadline, firm.since) == ("daily", 2, D("2024-03-01"))


@pytest.mark.parametrize(
    ("line", "code", "what"),
    [
        ("{property: latency, value: 4, unit: h}", "latency", "latency is 4 h"),
        ("{property: latency, value: 0}", "latency", "latency is 0"),
        ("{property: latency, value: '5'}", "latency", "'5'"),
        ("{property: latency, value: true}", "latency", "True"),
        ("{property: latency, value: 5}\n  - {property: latency, value: 6}", "latency", "5, 6"),
        ("{property: generalAvailability, value: 2024年}", "generalAvailability", "'2024年'"),
    ],
)
def test_terms_that_are_not_understood_are_told(project_files: ProjectFiles, line: str, code: str, what: str) -> None:
    frequency = "  - {property: frequency, value: daily}\n"
    project_files.change(FIRM, frequency, f"{frequency}  - {line}\n")
    _, errors = read_project(project_files.root)
    (error,) = errors
    assert error.code == code and what in error.what and error.place
    assert error.place.line == project_files.line(FIRM, line.split("\n")[0])


def test_a_realtime_datasets_latency_is_none_of_the_calendars_business(project_files: ProjectFiles) -> None:
    project_files.change(
        FIRM,
        "{property: frequency, value: daily}",
        "{property: frequency, value: realtime}\n  - {property: latency, value: 5, unit: m}",
    )
    assert load_project(project_files.root).datasets["firm"].deadline is None


# --- by whom


def test_a_new_department_owes_the_period_in_which_it_begins_first() -> None:
    late_born = project("quarterly", office("新", NEW, "2024-08-15"))
    found = shown(owed(late_born, "2024-01-01", "2024-12-31"))
    assert found == [("新", "2024Q3", "2024-10-25"), ("新", "2024Q4", "2025-01-22")]


def test_what_an_abolished_department_leaves_behind_falls_to_its_successor() -> None:
    both = project("monthly", office("旧", OLD, until="2023-12-31", heir="新"), office("新", NEW, "2024-01-01"))
    found = owed(both, "2023-10-01", "2024-02-01")
    assert [(d.department.id, d.period.text) for d in found] == [
        ("旧", "2023-10"), ("旧", "2023-11"), ("新", "2023-12"), ("新", "2024-01"),
    ]  # fmt: skip
    assert [d.codes for d in found] == [{OLD}, {OLD}, {OLD, NEW}, {NEW}]


def test_a_department_that_ends_without_an_heir_owes_its_whole_periods_only() -> None:
    alone = project("monthly", office("旧", OLD, until="2024-02-15"))
    assert [(d.department.id, d.period.text) for d in owed(alone, "2024-01-01", "2024-03-31")] == [("旧", "2024-01")]


def test_two_merged_departments_leave_one_duty_and_a_ring_of_successors_ends() -> None:
    three = project(
        "monthly", office("旧", OLD, until="2024-02-10", heir="新"), office("另", OTHER, until="2024-02-10", heir="新"),
        office("新", NEW, "2024-02-11"),
    )  # fmt: skip
    (duty,) = owed(three, "2024-02-01", "2024-02-29")
    assert (duty.department.id, duty.codes) == ("新", {OLD, OTHER, NEW})
    ring = project("monthly", office("旧", OLD, until="2024-01-31", heir="旧"))
    assert [d.department.id for d in owed(ring, "2024-01-01", "2024-01-31")] == ["旧"]


def test_several_areas_owe_side_by_side() -> None:
    both = project("yearly", office("甲", NEW), office("乙", OTHER))
    assert [d.department.id for d in owed(both, "2024-01-01", "2024-12-31")] == ["甲", "乙"]


# --- against the ledger


def came(
    state: DeliveryState, period: str = "2024-09", on: str = "2024-10-10", department: str = NEW, number: int = 1
) -> Delivery:
    moment = dt.datetime.fromisoformat(f"{on}T09:00:00+08:00")
    return Delivery(f"d-{number:016}", department, "thing", period, state, 1, number, (), Balance(), "", "", None, moment)


def standing(found: list[Reckoned], period: str = "2024-09") -> Reckoned:
    return next(r for r in found if r.duty.period.text == period)


MONTHLY = project("monthly")


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("accepted", "come"), ("waiting", "come"), ("bronze", "come"), ("held", "late"), ("rejected", "late"),
        ("superseded", "late"), ("unchanged", "late"),
    ],
)  # fmt: skip
def test_which_delivery_fulfils_a_duty(state: DeliveryState, expected: str) -> None:
    accepted_before = came("accepted", "2024-08", "2024-09-02")
    found = standing(reckon(MONTHLY, [accepted_before, came(state, number=2)], D("2024-10-23")))
    assert found.standing == expected
    assert found.days_late == (3 if expected == "late" else 0)
    assert (found.delivery is not None) == (state != "unchanged")


def test_a_replaced_delivery_is_fulfilled_by_its_successor() -> None:
    both = [came("superseded"), came("accepted", on="2024-10-22", number=2)]
    found = standing(reckon(MONTHLY, both, D("2024-10-31")))
    assert (found.standing, found.delivery, found.days_late) == ("come", both[1], 2)
    held_since = [came("accepted"), came("held", on="2024-10-22", number=2)]
    assert standing(reckon(MONTHLY, held_since, D("2024-10-31"))).delivery == held_since[0]


def test_late_from_the_day_after_counted_in_working_days() -> None:
    begun = [came("accepted", "2024-08", "2024-09-02")]
    found = [
        standing(reckon(MONTHLY, begun, D(day)))
        for day in ("2024-10-11", "2024-10-12", "2024-10-18", "2024-10-19", "2024-10-21")
    ]
    assert [(r.standing, r.days_late) for r in found] == [("open", 0), ("soon", 0), ("soon", 0), ("late", 0), ("late", 1)]


def test_a_longer_period_holds_the_shorter_and_another_department_counts_for_nothing() -> None:
    whole_year = [came("accepted", "2024", "2024-12-01")]
    assert {r.standing for r in reckon(MONTHLY, whole_year, D("2024-12-02"))} == {"come"}
    assert standing(reckon(MONTHLY, [came("accepted", department=OTHER)], D("2024-10-31"))).standing == "late"
    assert (
        standing(reckon(MONTHLY, [came("accepted", "2024-09-30"), came("accepted", "2024-08")], D("2024-10-31"))).standing
        == "late"
    )


def test_the_calendar_begins_with_the_first_delivery_or_the_contracts_day_or_the_last_period() -> None:
    def periods(of: Project, *deliveries: Delivery) -> list[str]:
        return [r.duty.period.text for r in reckon(of, deliveries, D("2024-10-31"))]

    assert periods(MONTHLY) == ["2024-09"]
    assert periods(MONTHLY, came("rejected", "2024-01")) == ["2024-09"], "what was never taken begins nothing"
    assert periods(MONTHLY, came("accepted", "2024-07")) == ["2024-07", "2024-08", "2024-09"]
    assert periods(project("monthly", since="2024-08-31")) == ["2024-08", "2024-09"]
    assert len(periods(MONTHLY, came("accepted", "1999-01"))) == 13, "no list grows for ever"
    assert periods(MONTHLY, came("accepted", "no period")) == ["2024-09"]


def test_looking_back_leaves_out_what_came_later() -> None:
    later = [came("accepted", on="2024-11-04")]
    assert standing(reckon(MONTHLY, later, D("2024-10-31"))).standing == "late"
    assert standing(reckon(MONTHLY, later, D("2024-11-30"))).days_late == 11


def test_late_duties_are_grouped_by_who_answers_for_the_dataset() -> None:
    found = reckon(MONTHLY, [came("accepted", "2024-08", "2024-09-02"), came("held")], D("2024-10-31"))
    assert [(who, [r.duty.period.text for r in late]) for who, late in late_by_owner(MONTHLY, found).items()] == [
        ("省牵头厅", ["2024-09"])
    ]
    assert as_row(MONTHLY, standing(found)) == {
        "department": NEW, "department_name": "省甲局", "dataset": "thing", "title": "事物", "database": "d", "owner": "省牵头厅",
        "period": "2024-09", "due": "2024-10-18", "standing": "late", "days_late": 9, "delivery": "d-0000000000000001",
        "state": "held", "came": None,
    }  # fmt: skip
