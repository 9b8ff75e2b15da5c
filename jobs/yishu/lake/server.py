"""The local server: one JVM that speaks Spark Connect to jobs and JDBC to BI, with one metastore.

All commits come from its one driver, which is what Delta on object storage asks for (design, section 7).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from yishu.errors import MachineError, UsageError
from yishu.lake.jars import jar_folder
from yishu.lake.store import pipeline_keys
from yishu.settings import Settings, StoreSettings

START_SECONDS = 120


@dataclass(frozen=True)
class Server:
    """A running server: its process and the addresses of its two doors."""

    pid: int
    connect: str
    jdbc: str


def start(settings: Settings) -> Server:
    """Start the server of this home, or return the one that runs.

    Raises:
        UsageError: Java is missing, or a port belongs to something else.
        MachineError: it did not come up in time; the log's path is named.
    """
    with _lock(settings):
        running = status(settings) or _still_starting(settings)
        if running:
            return running
        _require_java()
        spark = settings.spark
        for port, name in ((spark.connect_port, "YISHU_CONNECT_PORT"), (spark.jdbc_port, "YISHU_JDBC_PORT")):
            _require_free(spark.bind, port, name)
        log = settings.home / "logs" / "server.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as out:
            process = subprocess.Popen(
                _command(settings), stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                start_new_session=True, env=_environment(settings), cwd=settings.home,
            )  # fmt: skip
        server = _written_down(settings, process.pid)
        _wait(settings, lambda: process.poll() is None, process.pid, log)
        return server


def _written_down(settings: Settings, pid: int) -> Server:
    spark = settings.spark
    server = Server(pid, f"sc://{spark.bind}:{spark.connect_port}", f"jdbc:hive2://{spark.bind}:{spark.jdbc_port}")
    _record(settings).write_text(json.dumps(asdict(server)))
    return server


def _still_starting(settings: Settings) -> Server | None:
    """The server whose starter was killed before its doors were open, or before it was written down: waited for, not met as a stranger."""
    pid = _of_this_home(settings)
    if pid is None:
        return None
    try:
        _wait(settings, lambda: _is_ours(pid), pid, settings.home / "logs" / "server.log")
    except MachineError:
        return None  # it came to nothing and is gone now: a new one is started
    return _written_down(settings, pid)


def _of_this_home(settings: Settings) -> int | None:
    """The process group of a server with this home's metastore; the home stands in its command line."""
    mine = f"-Dderby.system.home={_metastore(settings)}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            said = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
            if b"HiveThriftServer2" in said and (mine + b" " in said or mine + b'"' in said):
                return os.getpgid(int(folder.name))
    return None


def status(settings: Settings) -> Server | None:
    """The server of this home, if its process lives and its doors are open."""
    try:
        server = Server(**json.loads(_record(settings).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    spark = settings.spark
    alive = _is_ours(server.pid) and is_open(spark.bind, spark.connect_port) and is_open(spark.bind, spark.jdbc_port)
    return server if alive else None


def stop(settings: Settings, seconds: float = 20) -> bool:
    """Stop the server of this home; True if one was running."""
    try:
        pid = json.loads(_record(settings).read_text())["pid"]
    except (FileNotFoundError, ValueError, KeyError):
        return False
    if not _is_ours(pid):
        _record(settings).unlink(missing_ok=True)
        return False
    for sign, wait in ((signal.SIGTERM, seconds), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, sign)
        end = time.monotonic() + wait
        while time.monotonic() < end and _is_ours(pid):
            time.sleep(0.1)
    _record(settings).unlink(missing_ok=True)
    return True


def _command(settings: Settings) -> list[str]:
    spark, jars = settings.spark, jar_folder()
    conf = server_conf(settings) | {
        "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
        "spark.connect.grpc.binding.address": spark.bind,
        "spark.connect.grpc.binding.port": str(spark.connect_port),
        # a long-lived Connect server keeps what idle sessions held: let them go early
        "spark.connect.session.manager.defaultSessionTimeout": "20m",
        "spark.sql.warehouse.dir": str(settings.home / "gold"),
        "spark.driver.extraJavaOptions": f'-XX:+UseParallelGC "-Dderby.system.home={_metastore(settings)}"',
    }
    submit = Path(_spark_home()) / "bin" / "spark-submit"
    args = [str(submit), "--master", f"local[{spark.cores}]", "--driver-memory", spark.memory]
    # the Thrift server finds Delta only on the driver's class path, not through --jars
    args += ["--driver-class-path", f"{jars}/*", "--class", "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"]
    for key, value in sorted(conf.items()):
        args += ["--conf", f"{key}={value}"]
    # by default all servers of a machine keep them in one folder, and each deletes it when it ends
    logs = f"hive.server2.logging.operation.log.location={settings.home / 'logs' / 'jdbc'}"
    args += ["spark-internal", "--hiveconf", f"hive.server2.thrift.bind.host={spark.bind}", "--hiveconf", logs]
    return [*args, "--hiveconf", f"hive.server2.thrift.port={spark.jdbc_port}"]


_KEPT_FOR_THE_UI = (
    "spark.ui.retainedJobs", "spark.ui.retainedStages", "spark.ui.retainedTasks", "spark.sql.ui.retainedExecutions",
    "spark.sql.thriftserver.ui.retainedSessions", "spark.sql.thriftserver.ui.retainedStatements",
    "spark.connect.ui.retainedSessions", "spark.connect.ui.retainedStatements",
)  # fmt: skip


def server_conf(settings: Settings) -> dict[str, str]:
    """The Spark settings that every session of ours runs with, whichever JVM it lives in."""
    spark = settings.spark
    return {
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": spark.bind,
        "spark.ui.enabled": "false",
        "spark.sql.session.timeZone": settings.timezone,
        "spark.sql.shuffle.partitions": str(spark.shuffle_partitions),
        # 50 by default, which makes a small commit run 50 tasks
        "spark.databricks.delta.snapshotPartitions": "2",
        # what the server remembers of a table costs some 4 MB of heap; 10,000 tables by default
        "spark.databricks.delta.delta.log.cacheSize": "150",
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
        "spark.sql.parquet.compression.codec": "zstd",
        # the old INT96 holds no year beyond 2262 for most readers
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        # HotSpot never compiles a method above 8,000 bytes of code; Spark's own limit of 65,535 would keep it interpreted
        "spark.sql.codegen.hugeMethodLimit": "8000",
        # three deliveries of one dataset take 83 of 100, the default; what gives way is compiled anew and runs unoptimised at first
        "spark.sql.codegen.cache.maxEntries": "2000",
        # nobody looks at a web page of Spark's: what it would show is not kept
        **dict.fromkeys(_KEPT_FOR_THE_UI, "10"),
        **(_store_conf(settings.s3) if settings.s3 else {}),
        **spark.conf,
    }


def _store_conf(s3: StoreSettings) -> dict[str, str]:
    """Spark's way to the store; the keys come from the environment, so that no setting shows them."""
    hadoop = {
        "s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",  # one address for delta-rs, DuckDB and Spark
        "s3a.endpoint": s3.endpoint,
        "s3a.endpoint.region": s3.region,
        "s3a.path.style.access": "true",
        "s3a.connection.ssl.enabled": str(s3.endpoint.startswith("https")).lower(),
        "s3a.aws.credentials.provider": "software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider",
        "s3a.bucket.probe": "0",
        "s3a.input.stream.type": "classic",  # the default wants another library, for AWS's own store
    }
    committing = {
        # there is no rename in a store: a task's files are copied once, not twice; nobody reads them before delta-rs commits
        "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": "2",
        "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
    }
    return {f"spark.hadoop.fs.{name}": value for name, value in hadoop.items()} | committing


def _environment(settings: Settings) -> dict[str, str]:
    drop = ("SPARK_REMOTE", "SPARK_CONNECT_MODE_ENABLED", "PYSPARK_SUBMIT_ARGS", "YISHU_TOKEN_KEY")
    env = {k: v for k, v in os.environ.items() if k not in drop}
    if settings.s3:
        env |= dict(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), pipeline_keys(settings), strict=True))
    return env | {"SPARK_HOME": _spark_home(), "PYSPARK_PYTHON": sys.executable, "SPARK_LOG_DIR": str(settings.home / "logs")}


def _spark_home() -> str:
    import importlib.util

    spec = importlib.util.find_spec("pyspark")
    assert spec is not None and spec.origin is not None
    return str(Path(spec.origin).parent)


def _wait(settings: Settings, lives: Callable[[], bool], pid: int, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if not lives():
            break
        if is_open(settings.spark.bind, settings.spark.connect_port) and is_open(settings.spark.bind, settings.spark.jdbc_port):
            return
        time.sleep(0.1)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    _record(settings).unlink(missing_ok=True)
    raise MachineError("the local server did not come up", code="server", remedy=f"read the end of {log}, then run again")


def _require_java() -> None:
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        raise UsageError("Java is missing", code="java", expected="Java 17", remedy="apt-get install openjdk-17-jre-headless")


def _require_free(bind: str, port: int, variable: str) -> None:
    if is_open(bind, port):
        raise UsageError(
            f"port {port} is taken by another program", code="port", remedy=f"stop that program or set {variable} to a free port"
        )


def is_open(bind: str, port: int) -> bool:
    """True if something listens there."""
    try:
        with socket.create_connection((bind, port), timeout=0.5):
            return True
    except OSError:
        return False


def _is_ours(pid: int) -> bool:
    """True if the process lives and is the server, not a stranger that got its number."""
    try:
        return b"HiveThriftServer2" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False


def _metastore(settings: Settings) -> Path:
    return settings.home / "ops" / "metastore"


def _record(settings: Settings) -> Path:
    return settings.home / "ops" / "server.json"


@contextlib.contextmanager
def _lock(settings: Settings) -> Iterator[None]:
    """One starter at a time: the second waits, then finds the server running."""
    folder = settings.home / "ops"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "server.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
