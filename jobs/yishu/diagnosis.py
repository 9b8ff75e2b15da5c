"""Settings and machine → findings: what is wrong here, and how to mend it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

from yishu.errors import Finding, YishuError
from yishu.settings import Settings

ENOUGH_BYTES = 2 << 30


def examine(settings: Settings) -> list[Finding]:
    """Look at Java, jars, disk, contracts, ledger, tables, doors and the object store; nothing is changed."""
    return [finding for look in (_java, _jars, _disk, _contracts, _ledger, _doors, _store) for finding in look(settings)]


def _java(settings: Settings) -> Iterator[Finding]:
    java = shutil.which("java")
    if java is None:
        yield Finding("Java is missing", False, "install Java 17, for example apt-get install openjdk-17-jre-headless")
        return
    text = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr.splitlines()
    version = text[0] if text else "unknown"
    number = "".join(c for c in version.partition('"')[2].split(".")[0] if c.isdigit())
    yield Finding(f"Java: {version}", bool(number) and int(number) >= 17, "Spark 4 needs Java 17 or newer")


def _jars(settings: Settings) -> Iterator[Finding]:
    from yishu.lake.jars import missing

    lacking = missing(settings.project / "conf")
    yield Finding(f"jars: {', '.join(lacking)} missing" if lacking else "jars are there and whole", not lacking, "make setup")


def _disk(settings: Settings) -> Iterator[Finding]:
    settings.home.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.home).free
    yield Finding(f"{free / (1 << 30):.1f} GiB free at {settings.home}", free > ENOUGH_BYTES, "free some space")


def _contracts(settings: Settings) -> Iterator[Finding]:
    from yishu.contract.check import check
    from yishu.contract.load import read_project
    from yishu.derive.render import stale

    project, broken = read_project(settings.project)
    errors = [*broken, *check(project)]
    yield Finding(f"contracts: {len(errors)} errors", not errors, "yishu check lists them")
    if not errors:
        yield Finding("rendered files are up to date", not stale(project), "yishu render")


def _ledger(settings: Settings) -> Iterator[Finding]:
    from yishu.contract.load import read_project
    from yishu.flow.soundness import find_damage
    from yishu.lake.lake import open_lake

    try:
        lake = open_lake(settings, project=read_project(settings.project)[0])
        rows = lake.ledger.verify_audit()
    except YishuError as error:
        yield Finding(f"ledger: {error.what}", False, error.remedy or "restore it from its backup")
        return
    yield Finding(f"ledger opens; its audit chain of {rows} rows holds", True)
    for table in lake.ledger.tables():
        damage = find_damage(lake, table.name)
        if damage:
            yield Finding(f"table {table.name} {damage}", False, f"yishu reprocess {table.name} --reason …, then yishu run")
    lake.ledger.close()


def _doors(settings: Settings) -> Iterator[Finding]:
    from yishu.lake import server
    from yishu.lake.server import is_open

    spark = settings.spark
    if server.status(settings):
        yield Finding(f"server runs at {spark.bind}:{spark.connect_port} (Connect) and :{spark.jdbc_port} (JDBC)", True)
        return
    for port, name in ((spark.connect_port, "YISHU_CONNECT_PORT"), (spark.jdbc_port, "YISHU_JDBC_PORT")):
        taken = is_open(spark.bind, port)
        yield Finding(f"port {port} is {'taken by another program' if taken else 'free'}", not taken, f"stop it or set {name}")


def _store(settings: Settings) -> Iterator[Finding]:
    import datetime as dt

    from yishu.lake.store import Store, pipeline_keys
    from yishu.lake.store_probes import probe

    if settings.s3 is None:
        return
    try:
        store = Store(settings.s3, *pipeline_keys(settings))
    except YishuError as error:
        yield Finding(error.what, False, f"{error.remedy}: {error.expected}")
        return
    yield from probe(store, lambda: dt.datetime.now(dt.UTC))
