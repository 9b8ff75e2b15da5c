"""The object store: `yishu store form`, `receipt-link`, `policies`, `provision`."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import click

from yishu.commands.opening import opened, say_json
from yishu.errors import UsageError
from yishu.lake.store import Store, open_store, secrets_file, store_settings
from yishu.settings import LOOPBACK, Settings, StoreSettings, load_settings

if TYPE_CHECKING:
    from yishu.contract.model import Project
    from yishu.derive.access import Grant

_DAYS = click.IntRange(1, 7)
_RECEIPT = {
    "receipt.html": "text/html; charset=utf-8", "receipt.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip


class _InOrder(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=_InOrder)
def store() -> None:
    """The object store: keys and rights for departments, forms for their clerks, links to receipts.

    The README's 第一次报送 goes through a department's first file: by mc, by a form in the browser, by a script.
    """


@store.command(short_help="Make buckets, users, keys and policies; safe to repeat.")
def provision() -> None:
    """Make buckets, users and policies with an administrator's key; safe to repeat."""
    from yishu.lake.store_admin import provision as apply

    settings = load_settings()
    administered = open_store(store_settings(settings))
    keys = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
    file = secrets_file(settings)
    grants = _grants(settings)
    new = apply(administered, grants, file, keys)
    for grant in grants:
        click.echo(f"{'new ' if grant.user in new else '    '}{grant.user:<24} {grant.who}")
    click.echo(f"{len(new)} new users; the secrets of all stand in {file}")


@store.command(short_help="Write a page with which a clerk sends a file, without a key.")
@click.argument("department")
@click.argument("dataset")
@click.argument("period")
@click.option("--days", type=_DAYS, default=3, show_default=True, help="So long files can be sent with it.")
@click.option("--max-mb", type=click.IntRange(1, 5120), default=1024, show_default=True, help="A larger file is refused.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write it; here, under a name of its own, if not given.",
)
def form(department: str, dataset: str, period: str, days: int, max_mb: int, out: Path | None) -> None:
    """Write a page (HTML, Chinese) with which a clerk sends a file from any browser, without a key.

    DEPARTMENT is an id or a code of departments.yaml, DATASET a contract's name, PERIOD as in landing. The page can put files
    into landing/<department>/<dataset>/<period>/ until it expires, and do nothing else: give it to that department alone.
    """
    from yishu.contract.load import load_project
    from yishu.flow.form_page import hand_in, page_text
    from yishu.lake.store_links import upload_form

    settings = load_settings()
    now, project = dt.datetime.now(ZoneInfo(settings.timezone)), load_project(settings.project)
    sent = hand_in(project, department, dataset, period, now.date())
    place = store_settings(settings).public
    signer = _as_department(settings, place, project, sent.department.code)
    signed = upload_form(signer, "landing", sent.folder, now + dt.timedelta(days=days), max_mb << 20)
    file = out or Path(f"{sent.dataset.name}_{sent.period.text}_{sent.department.id}.html")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(page_text(project, sent, signed, now.date()), encoding="utf-8")
    click.echo(
        f"{file}: {sent.department.name}, {sent.dataset.title}, {period}; can be used until {signed.expires:%Y-%m-%d %H:%M}"
    )
    _warn_of_loopback(place)


@store.command(short_help="Links to a receipt, for a clerk who has no key.")
@click.argument("delivery")
@click.option("--days", type=_DAYS, default=3, show_default=True, help="So long they can be opened.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def receipt_link(delivery: str, days: int, as_json: bool) -> None:
    """Links to the receipt of DELIVERY (an id or its beginning), for a clerk who has no key."""
    from yishu.lake.store_links import download_link

    with opened() as o:
        settings, project, found = o.lake.settings, o.lake.project, o.lake.ledger.delivery(delivery)
    place, folder = store_settings(settings), f"{found.department}/{found.dataset}/{found.period}/{found.id}/"
    keys = [f"{folder}{name}" for name in _RECEIPT]
    there = {kept.key for kept in _as_department(settings, place, project, found.department).find("receipts", folder)}
    if not there.intersection(keys):
        raise UsageError(
            f"no receipt of {found.id} lies in the store", code="receipt", expected=f"receipts/{folder}", remedy="yishu run"
        )
    signer, lasts = _as_department(settings, place.public, project, found.department), dt.timedelta(days=days)
    links = {
        name: download_link(signer, "receipts", key, lasts, _RECEIPT[name])
        for name, key in zip(_RECEIPT, keys, strict=True)
        if key in there
    }
    if as_json:
        say_json({"delivery": found.id, "days": days, "links": links})
        return
    for name, link in links.items():
        click.echo(f"{name}  {link}")
    click.echo(f"whoever has a link can open it for {days} days", err=True)
    _warn_of_loopback(place.public)


@store.command(short_help="Print who may do what, for stores without `provision`.")
@click.option("--out", type=click.Path(path_type=Path), help="Write one file per user into this folder.")
def policies(out: Path | None) -> None:
    """Who may do what, as policies of S3's own language, from departments.yaml; nothing is applied."""
    settings = load_settings()
    found = {grant.user: grant.policy for grant in _grants(settings)}
    if out is None:
        say_json(found)
        return
    from yishu.lake.places import put

    for user, policy in found.items():
        put(out / f"{user}.json", json.dumps(policy, indent=1) + "\n")
    click.echo(f"{len(found)} policies in {out}")


def _as_department(settings: Settings, place: StoreSettings, project: Project, code: str) -> Store:
    from yishu.derive.access import user_of
    from yishu.lake.store_links import department_store

    if project.department_of(code) is None:
        raise UsageError(
            f"nobody has the code {code}", code="department", expected="a department of departments.yaml", remedy="yishu status"
        )
    return department_store(place, user_of(place, project.departments.values(), code), secrets_file(settings))


def _warn_of_loopback(place: StoreSettings) -> None:
    if urlsplit(place.endpoint).hostname in LOOPBACK:
        click.echo(
            f"it leads to {place.endpoint}, which only this machine reaches: set s3.public_endpoint for others", err=True
        )


def _grants(settings: Settings) -> tuple[Grant, ...]:
    from yishu.contract.load import load_project
    from yishu.derive.access import grants

    return grants(store_settings(settings), load_project(settings.project).departments.values())
