"""The object store: `yishu store policies`, `provision`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yishu.commands.opening import say_json
from yishu.errors import UsageError
from yishu.settings import Settings, StoreSettings, load_settings

if TYPE_CHECKING:
    from yishu.derive.access import Grant


@click.group()
def store() -> None:
    """The object store: who may do what, and to make it so."""


@store.command()
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


@store.command()
def provision() -> None:
    """Make buckets, users and policies with an administrator's key; safe to repeat."""
    from yishu.lake.store import open_store, secrets_file
    from yishu.lake.store_admin import provision as apply

    settings = load_settings()
    opened = open_store(_store(settings))
    keys = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
    file = secrets_file(settings)
    grants = _grants(settings)
    new = apply(opened, grants, file, keys)
    for grant in grants:
        click.echo(f"{'new ' if grant.user in new else '    '}{grant.user:<24} {grant.who}")
    click.echo(f"{len(new)} new users; the secrets of all stand in {file}")


def _store(settings: Settings) -> StoreSettings:
    if settings.s3 is None:
        raise UsageError("no store is set", code="store-none", expected="s3: in conf/", remedy="YISHU_CONF=minio, or s3: in your own file")
    return settings.s3


def _grants(settings: Settings) -> tuple[Grant, ...]:
    from yishu.contract.load import load_project
    from yishu.derive.access import grants

    return grants(_store(settings), load_project(settings.project).departments.values())
