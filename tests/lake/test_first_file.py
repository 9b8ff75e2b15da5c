"""A department's first file, sent as a clerk would: with a form in a real browser, and as the README says."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import urllib3
from playwright.sync_api import Browser, Page, sync_playwright

import handed_in
from object_store import ADMIN, ObjectStore
from small_lake import CHECKOUT, free_ports
from yishu.cli import main
from yishu.contract.load import load_project
from yishu.derive.access import grants
from yishu.flow.form_page import hand_in, page_text
from yishu.lake.store import Store
from yishu.lake.store_admin import provision
from yishu.lake.store_links import UploadForm, upload_form

DEPARTMENTS = ("amr", "police", "dgs", "stats")
PREFIX, AMR, POLICE = "clerk", handed_in.AMR, "111300000002107532"
FOLDER = f"{AMR}/market_entity/2024-06-30/"
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
PROJECT = load_project(CHECKOUT)
MB = 1 << 20


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Typed = Callable[..., Said]


class Platform:
    """A store that is provisioned for some departments, and the home of who runs it."""

    def __init__(self, server: ObjectStore, home: Path) -> None:
        self.home, self.endpoint = home, server.endpoint
        self.admin = server.seen_by(prefix=PREFIX)
        file = home / "ops" / "store-keys.json"
        provision(self.admin, grants(self.admin.settings, [PROJECT.departments[who] for who in DEPARTMENTS]), file, ADMIN)
        self.secrets: dict[str, str] = json.loads(file.read_text())

    def department(self, name: str = "amr", secret: str = "", endpoint: str = "") -> Store:
        user = f"{PREFIX}-dept-{name}"
        settings = self.admin.settings.model_copy(update={"endpoint": endpoint or self.endpoint})
        return Store(settings, user, secret or self.secrets[user])

    def form(self, signer: Store | None = None, days: float = 1, most: int = MB, folder: str = FOLDER) -> UploadForm:
        return upload_form(signer or self.department(), "landing", folder, dt.datetime.now(dt.UTC) + dt.timedelta(days=days), most)

    def landed(self) -> dict[str, bytes]:
        return {found.key: self.admin.get("landing", found.key) for found in self.admin.find("landing", "")}


@pytest.fixture(scope="module")
def served(object_store: ObjectStore, tmp_path_factory: pytest.TempPathFactory) -> Platform:
    return Platform(object_store, tmp_path_factory.mktemp("home"))


@pytest.fixture
def platform(served: Platform) -> Platform:
    """With nothing in landing and no receipt."""
    for zone in ("landing", "receipts"):
        for found in list(served.admin.find(zone, "")):
            served.admin.remove(zone, found.key)
    return served


@pytest.fixture
def yishu(served: Platform, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    """The command line, in this process; `more` are further variables."""

    def typed(*words: str, **more: str) -> Said:
        for name in [name for name in os.environ if name.startswith(("YISHU_", "AWS_"))]:
            monkeypatch.delenv(name)
        env = {"YISHU_HOME": str(served.home), "YISHU_CONF": "minio", "YISHU_S3_ENDPOINT": served.endpoint, "YISHU_S3_PREFIX": PREFIX}
        for name, value in (env | {"YISHU_PROJECT": str(CHECKOUT)} | more).items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as end:
            main(list(words))
        return Said(int(end.value.code or 0), *capsys.readouterr())

    return typed


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=handed_in.CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="zh-CN")
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert errors == []


def written(folder: Path, form: UploadForm, dataset: str = "market_entity", period: str = "2024-06-30", who: str = "amr") -> str:
    """The address of a page on disk."""
    today = dt.date(2024, 7, 1)
    file = folder / "报送 表.html"
    file.write_text(page_text(PROJECT, hand_in(PROJECT, who, dataset, period, today), form, today), encoding="utf-8")
    return file.as_uri()


def choose(page: Page, folder: Path, name: str, data: bytes = b"a\n1\n") -> None:
    (folder / name).write_bytes(data)
    page.set_input_files("input[type=file]", folder / name)
    page.click("button.main")


def told(page: Page) -> str:
    """What the page says once it is done with a file."""
    page.wait_for_function(
        "() => !document.querySelector('#done').hidden || (!document.querySelector('#said').hidden"
        " && !document.querySelector('button.main').disabled)", timeout=60_000,
    )  # fmt: skip
    return page.inner_text("#done" if page.is_visible("#done") else "#said")


def posted(form: UploadForm, key: str, data: bytes = b"1", action: str = "", **more: str) -> tuple[int, str]:
    """The form's fields sent by a program, as a thief would."""
    fields = {"key": key, **form.fields, **more, "file": ("a.csv", data)}
    answer = urllib3.request("POST", action or form.action, fields=fields)
    return answer.status, answer.data.decode()


# --- the form in a browser ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["市场主体.csv", "六月 报表 100%.csv", "a+b&c=d;#e'.csv", "%E5%B8%82.csv", "x" * 236 + ".csv", "cafe\u0301.csv"])
def test_a_file_sent_from_a_page_on_disk_lands_under_its_own_name(platform: Platform, page: Page, tmp_path: Path, name: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(written(tmp_path, platform.form()))
    choose(page, tmp_path, name, "名称\n一\n".encode())
    said, key = told(page), FOLDER + unicodedata.normalize("NFC", name)
    assert "报送成功" in said and key in said
    assert platform.landed() == {key: "名称\n一\n".encode()}
    assert {url for url in asked if not url.startswith("file:")} == {f"{platform.endpoint}/{PREFIX}-landing"}


def test_the_page_that_the_command_writes(platform: Platform, yishu: Typed, page: Page, tmp_path: Path) -> None:
    file = tmp_path / "给市场监管局" / "form.html"
    made = yishu("store", "form", "amr", "market_entity", "2024-06-30", "--days", "2", "--out", str(file))
    assert made.code == 0 and "only this machine reaches" in made.err, made
    page.goto(file.as_uri())
    text = page.inner_text("body")
    for wanted in ("市场主体登记信息", "省市场监管局", "2024-06-30", "2024年7月1日（含）", "期限已过", "GB18030", "1 GB", f"receipts/{FOLDER}"):
        assert wanted in text
    ends = dt.datetime.now(handed_in.CHINA) + dt.timedelta(days=2)
    assert f"{ends.year}年{ends.month}月{ends.day}日" in page.inner_text("#expires")
    rows = [row.split("\t") for row in page.inner_text("#columns tbody").split("\n")]
    assert [row[0].split(" ")[0] for row in rows] == [f.title for f in PROJECT.datasets["market_entity"].fields]
    assert rows[0][1:] == ["必填", "统一社会信用代码应为18位且校验码正确（GB 32100-2015）", "91350100M000100Y43"]
    assert platform.secrets[f"{PREFIX}-dept-amr"] not in file.read_text(encoding="utf-8")
    choose(page, tmp_path, "一.csv")
    assert "报送成功" in told(page) and list(platform.landed()) == [f"{FOLDER}一.csv"]


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize(
    ("who", "dataset", "period"), [("dgs", "credit_score", "2024Q2"), ("stats", "macro_indicator_obs", "2024-06"), ("dgs", "licence", "2024")]
)
def test_no_page_scrolls_sideways(platform: Platform, page: Page, tmp_path: Path, width: int, who: str, dataset: str, period: str) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    code = PROJECT.departments[who].code
    page.goto(written(tmp_path, platform.form(platform.department(who), folder=f"{code}/{dataset}/{period}/"), dataset, period, who))
    wide = page.evaluate("[document.documentElement, ...document.querySelectorAll('section')].some(e => e.scrollWidth > e.clientWidth + 1)")
    assert not wide


def test_a_second_file_and_one_whose_name_is_unusual(platform: Platform, page: Page, tmp_path: Path) -> None:
    page.goto(written(tmp_path, platform.form()))
    choose(page, tmp_path, "一.csv")
    assert "报送成功" in told(page)
    page.click("#again")
    choose(page, tmp_path, "二.xlsx")
    assert "约定的格式是 CSV 文本" in told(page) and len(platform.landed()) == 1
    page.get_by_text("仍要报送").click()
    assert "报送成功" in told(page) and set(platform.landed()) == {f"{FOLDER}一.csv", f"{FOLDER}二.xlsx"}


@pytest.mark.parametrize(
    ("name", "size", "words"),
    [("空.csv", 0, "0 字节"), ("~$一.csv", 1, "临时文件"), ("一.csv.part", 1, "临时文件"), ("大.csv", MB + 1, "超过 1 MB 的上限")],
)
def test_what_could_never_be_taken_is_not_sent(
    platform: Platform, page: Page, tmp_path: Path, name: str, size: int, words: str
) -> None:
    asked: list[str] = []
    page.goto(written(tmp_path, platform.form()))
    page.on("request", lambda request: asked.append(request.url))
    choose(page, tmp_path, name, b"x" * size)
    assert words in told(page) and asked == [] and platform.landed() == {}


@pytest.mark.parametrize("size", [1, 60 * MB], ids=["small", "large"])
def test_an_expired_form_is_refused_and_says_so(platform: Platform, page: Page, tmp_path: Path, size: int) -> None:
    page.goto(written(tmp_path, platform.form(days=-1, most=100 * MB)))
    assert "已经过期" in page.inner_text("#said")
    choose(page, tmp_path, "一.csv", b"x" * size)
    assert "本页已过期，文件没有收下。请向平台索取新的报送页" in told(page) and platform.landed() == {}


def test_a_form_whose_key_was_replaced_says_so(platform: Platform, page: Page, tmp_path: Path) -> None:
    page.goto(written(tmp_path, platform.form(platform.department(secret="another-secret"))))
    choose(page, tmp_path, "一.csv")
    assert "部门密钥已更换" in told(page) and platform.landed() == {}


def test_a_store_that_does_not_answer(platform: Platform, page: Page, tmp_path: Path) -> None:
    [port] = free_ports(1)
    page.goto(written(tmp_path, platform.form(platform.department(endpoint=f"http://127.0.0.1:{port}"))))
    choose(page, tmp_path, "一.csv")
    assert f"没有收到对象存储的答复（127.0.0.1:{port}）" in told(page)


def test_a_store_that_hangs_up_on_a_large_file_is_asked_why(platform: Platform, page: Page, tmp_path: Path) -> None:
    class Curt(BaseHTTPRequestHandler):
        def do_OPTIONS(self) -> None:
            self.answer(204, "")

        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            if size > MB:
                self.connection.close()
                return
            self.rfile.read(size)
            self.answer(403, "<Error><Code>AccessDenied</Code><Message>Policy expired</Message></Error>")

        def answer(self, status: int, text: str) -> None:
            self.send_response(status)
            for name, value in (("Origin", "*"), ("Headers", "*"), ("Methods", "POST")):
                self.send_header(f"Access-Control-Allow-{name}", value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Curt) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page.goto(written(tmp_path, platform.form(platform.department(endpoint=f"http://127.0.0.1:{server.server_port}"), most=9 * MB)))
        choose(page, tmp_path, "一.csv", b"x" * (2 * MB))
        assert "本页已过期，文件没有收下" in told(page)
        server.shutdown()


def test_without_scripts_the_form_is_a_plain_one(platform: Platform, chromium: Browser, tmp_path: Path) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(written(tmp_path, platform.form()))
        assert "没有启用脚本" in page.inner_text("#send")
        with context.expect_page() as answered:
            choose(page, tmp_path, "市场 主体 100%.csv", b"1")
        answered.value.wait_for_load_state()
        assert "PostResponse" in answered.value.content()
    assert platform.landed() == {f"{FOLDER}市场 主体 100%.csv": b"1"}


# --- what a form that leaked can do --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    [f"{AMR}/market_entity/2024-06-3", f"{AMR}/market_entity/2024-07-31/a.csv", f"{AMR}/entity_shareholder/2024-06-30/a.csv",
     f"{POLICE}/market_entity/2024-06-30/a.csv", f"{FOLDER}../2024-07-31/a.csv", f"/{FOLDER}a.csv", "a.csv"],
)  # fmt: skip
def test_a_leaked_form_puts_nothing_elsewhere(platform: Platform, key: str) -> None:
    status, answer = posted(platform.form(), key)
    assert status in (400, 403) and "<Error>" in answer and platform.landed() == {}


def test_a_leaked_form_is_good_for_its_bucket_its_size_and_its_time_only(platform: Platform) -> None:
    form = platform.form(most=1000)
    assert posted(form, f"{FOLDER}a", b"1" * 1000)[0] == 201
    assert "EntityTooLarge" in posted(form, f"{FOLDER}b", b"1" * 1001)[1] and "EntityTooSmall" in posted(form, f"{FOLDER}b", b"")[1]
    assert posted(form, f"{FOLDER}b", action=form.action.replace("landing", "receipts"))[0] == 403
    longer = platform.form(days=5)
    assert posted(form, f"{FOLDER}b", policy=longer.fields["policy"])[0] == 403, "another policy under the old signature"
    assert posted(platform.form(days=-1), f"{FOLDER}b")[0] == 403
    assert list(platform.landed()) == [f"{FOLDER}a"]


def test_a_form_can_do_no_more_than_the_department_that_signed_it(platform: Platform) -> None:
    key = f"{POLICE}/market_entity/2024-06-30/a"
    assert posted(platform.form(folder=f"{POLICE}/"), key)[0] == 403 and platform.landed() == {}
    assert posted(platform.form(platform.department("police"), folder=f"{POLICE}/"), key)[0] == 201


# --- the commands ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [("amr markt_entity 2024", "dataset", "market_entity"), ("police market_entity 2024", "supplier", "省市场监管局"),
     ("nobody market_entity 2024", "department", "未登记"), ("amr market_entity 2024-6", "period", "2024-06"),
     ("gov_services licence 2024", "supplier", "省数据和政务服务局"), ("amr market_entity 2024 --days 8", "usage", "1<=x<=7")],
)  # fmt: skip
def test_a_form_that_could_never_be_used_is_not_written(yishu: Typed, tmp_path: Path, words: str, code: str, told: str) -> None:
    said = yishu("store", "form", *words.split(), "--out", str(tmp_path / "form.html"))
    assert said.code == 2 and f"[{code}]" in said.err and told in said.err and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("more", "code"), [({"YISHU_CONF": "local", "YISHU_S3_ENDPOINT": "", "YISHU_S3_PREFIX": ""}, "store-none"),
                       ({"YISHU_S3_ENDPOINT": "nonsense"}, "conf"), ({"YISHU_HOME": "{tmp}"}, "store-key")],
)  # fmt: skip
def test_settings_that_cannot_serve_a_form(yishu: Typed, tmp_path: Path, more: dict[str, str], code: str) -> None:
    env = {name: value.replace("{tmp}", str(tmp_path / "nowhere")) for name, value in more.items()}
    said = yishu("store", "form", "amr", "market_entity", "2024", "--out", str(tmp_path / "form.html"), **env)
    assert said.code == 2 and f"[{code}]" in said.err and not (tmp_path / "form.html").exists()


def test_links_to_a_receipt_open_that_receipt_and_nothing_else(platform: Platform, yishu: Typed) -> None:
    lake = handed_in.opened(platform.home)
    delivery = handed_in.claimed(lake)
    lake.ledger.close()
    nothing = yishu("store", "receipt-link", delivery.id)
    assert nothing.code == 2 and "[receipt]" in nothing.err
    for id in (delivery.id, "d-other"):
        for name in ("receipt.html", "receipt.xlsx", "receipt.json"):
            platform.admin.put("receipts", f"{FOLDER}{id}/{name}", f"{id}/{name}".encode())
    done = yishu("store", "receipt-link", delivery.id[:8], "--json", YISHU_S3_PUBLIC_ENDPOINT=platform.endpoint)
    links = json.loads(done.out)["links"]
    assert list(links) == ["receipt.html", "receipt.xlsx"], done
    for name, link in links.items():
        answer = urllib3.request("GET", link)
        assert (answer.status, answer.data.decode()) == (200, f"{delivery.id}/{name}")
        assert urllib3.request("GET", link.replace(delivery.id, "d-other")).status == 403
        assert urllib3.request("PUT", link, body=b"1").status == 403
    assert urllib3.request("GET", links["receipt.html"]).headers["Content-Type"] == "text/html; charset=utf-8"


def test_help_names_the_way_of_a_first_file(yishu: Typed) -> None:
    for words in ([], ["store"]):
        said = yishu(*words, "--help").out
        assert "第一次报送" in said and ("receipt-link" in said) == bool(words)
    assert "## 第一次报送" in README


# --- the README, as typed --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["mc", "curl", "python"])
def test_the_readmes_words_work_for_a_clerk(platform: Platform, tmp_path: Path, way: str) -> None:
    block = re.search(rf"<!-- clerk: {way} -->\n```\w+\n(.*?)```", README, re.DOTALL)
    assert block
    places = os.pathsep.join([str(Path(sys.prefix) / "bin"), os.environ["PATH"]])
    if way == "mc" and not shutil.which("mc", path=places):
        pytest.fail("mc is missing: make setup builds it with Go")
    (tmp_path / "市场主体.csv").write_text("名称\n一\n", encoding="gb18030")
    platform.admin.put("receipts", f"{FOLDER}d-1/receipt.xlsx", b"receipt")
    user = f"{PREFIX}-dept-amr"
    env = {"PATH": places, "HOME": str(tmp_path), "STORE": platform.endpoint, "KEY": user, "SECRET": platform.secrets[user]}
    command = [sys.executable, "-"] if way == "python" else ["bash", "-eu"]
    text = block[1].replace("yishu-", f"{PREFIX}-")
    done = subprocess.run(command, input=text, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done
    [(key, data)] = platform.landed().items()
    assert key.startswith(FOLDER) and data == "名称\n一\n".encode("gb18030")
    assert "d-1/receipt.xlsx" in done.stdout and (tmp_path / "回执.xlsx").read_bytes() == b"receipt"
