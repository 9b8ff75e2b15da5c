(() => {
  "use strict";
  const at = (id) => document.getElementById(id);
  const page = JSON.parse(at("page").textContent);
  const form = document.querySelector("#send form"), chosen = form.elements.file, button = form.querySelector("button");
  const said = at("said"), bar = at("bar");
  let sending = false;

  const size = (n) => n < 1024 ? n + " 字节" : n < 1048576 ? (n / 1024).toFixed(1) + " KB"
    : n < 1073741824 ? (n / 1048576).toFixed(1) + " MB" : (n / 1073741824).toFixed(2) + " GB";
  const bytes = (text) => new TextEncoder().encode(text).length;
  const renew = "请向平台索取新的报送页";
  const expired = () => Date.now() / 1000 > page.expires;

  // What the store answers, by its code; the words are for a clerk, the code stays visible for whoever is asked.
  const refusals = {
    EntityTooLarge: () => `文件超过 ${page.most_text} 的上限。请用 zip 压缩，或与平台商定拆成几个文件`,
    EntityTooSmall: () => "文件是空的（0 字节）。请重新导出",
    AccessDenied: (text) => /expired/i.test(text) ? "本页已过期，文件没有收下。" + renew
      : "对象存储不允许用本页把文件放到这里，文件没有收下。" + renew,
    InvalidAccessKeyId: () => "本页所用的部门密钥已停用，文件没有收下。" + renew,
    SignatureDoesNotMatch: () => "本页所用的部门密钥已更换，或本页被改动过，文件没有收下。" + renew,
    NoSuchBucket: () => "平台还没有建好存放文件的地方，文件没有收下。请联系平台",
    SlowDown: () => "对象存储正忙，文件没有收下。请过几分钟再试",
    ServiceUnavailable: () => "对象存储正忙，文件没有收下。请过几分钟再试",
    XMinioStorageFull: () => "对象存储已满，文件没有收下。请联系平台",
  };

  function say(kind, text, ...buttons) {
    said.className = "said " + kind;
    said.textContent = text;
    for (const [label, action] of buttons) {
      const one = document.createElement("button");
      one.type = "button";
      one.textContent = label;
      one.onclick = action;
      if (said.lastChild.nodeName !== "BUTTON") said.append(document.createElement("br"));
      said.append(one);
    }
    said.hidden = !text;
  }

  // Why a file is not even sent; empty if it is.
  function fault(file) {
    const name = file.name.normalize("NFC"), low = name.toLowerCase();
    if (page.unfinished_start.some((s) => name.startsWith(s)) || page.unfinished_end.some((s) => low.endsWith(s)))
      return `“${name}”是临时文件的名字，平台不会处理。请改名，或选择正式的文件`;
    if (bytes(name) > page.longest) return "文件名太长。请改短后再报送";
    if (/[\u0000-\u001f\u007f/\\]/.test(name)) return "文件名里有不能用的字符。请改名后再报送";
    if (file.size === 0) return refusals.EntityTooSmall();
    return file.size > page.most ? refusals.EntityTooLarge() : "";
  }

  const unusual = (name) => name !== page.manifest && !page.endings.some((e) => name.toLowerCase().endsWith(e));

  function body(file, name) {
    const data = new FormData();
    for (const field of form.querySelectorAll("input[type=hidden]")) data.append(field.name, field.value);
    data.set("key", page.prefix + name);
    data.append("file", file, "file");  // last: the store reads no field after it
    return data;
  }

  function send(file) {
    const name = file.name.normalize("NFC"), request = new XMLHttpRequest();
    sending = button.disabled = chosen.disabled = true;
    bar.value = 0;
    bar.hidden = false;
    say("", "正在报送，请不要关闭本页……");
    request.upload.onprogress = (e) => {
      bar.value = e.lengthComputable ? e.loaded / e.total : 0;
      say("", `正在报送 ${size(Math.min(e.loaded, file.size))} / ${size(file.size)}，请不要关闭本页……`);
    };
    request.onload = () => {
      stop();
      request.status === 201 ? succeed(file, name) : refuse(request);
    };
    request.onerror = () => explain(file);
    request.open("POST", form.action);
    request.send(body(file, name));
  }

  function stop() {
    sending = button.disabled = chosen.disabled = false;
    bar.hidden = true;
  }

  function code(request) {
    const answer = new DOMParser().parseFromString(request.responseText, "application/xml");
    const text = (tag) => (answer.querySelector(tag) || {}).textContent || "";
    return [text("Code"), text("Message")];
  }

  function refuse(request) {
    const [name, message] = code(request);
    const known = refusals[name];
    say("wrong", (known ? known(message) : "文件没有收下。请把下面的代码告诉平台") + `。（${request.status} ${name} ${message}）`);
  }

  // A store that refuses at once may hang up while a large file is still on its way, and the browser then shows no
  // answer: an empty file, which is never taken, gets the same verdict.
  function explain(file) {
    const request = new XMLHttpRequest();
    request.onload = () => {
      stop();
      code(request)[0] === "EntityTooSmall"
        ? say("wrong", "连接中断，文件没有传完。请再报送一次", ["再试一次", () => send(file)]) : refuse(request);
    };
    request.onerror = () => {
      stop();
      say("wrong", `没有收到对象存储的答复（${new URL(form.action).host}）。请检查是否在政务网内、网络是否通畅，再试一次；`
        + "仍不行时可以直接报送：新开的页面里有“PostResponse”字样即为成功。",
      ["再试一次", () => send(file)], ["直接报送", () => form.submit()]);
    };
    request.open("POST", form.action);
    request.send(body(new Blob([]), ".probe"));
  }

  function succeed(file, name) {
    say("", "");
    at("done-name").textContent = name;
    at("done-size").textContent = size(file.size);
    at("done-time").textContent = new Date().toLocaleString("zh-CN", { hour12: false });
    at("done-key").textContent = page.prefix + name;
    at("done").hidden = false;
    at("send").hidden = true;
    at("done").scrollIntoView({ block: "nearest" });
  }

  function check(sure) {
    const file = chosen.files[0], wrong = fault(file), name = file.name;
    if (wrong) return say("wrong", wrong + "。");
    if (!sure && unusual(name))
      return say("ask", `约定的格式是 ${page.agreed}，所选文件“${name}”看名字不像。格式不符的文件会被退回。`,
        ["仍要报送", () => check(true)], ["另选文件", () => chosen.click()]);
    return send(file);
  }

  form.addEventListener("submit", (e) => {
    e.preventDefault();
    check(false);
  });
  const unpicked = at("picked").textContent;
  const show = () => {
    const file = chosen.files[0];
    at("picked").textContent = file ? `${file.name}（${size(file.size)}）` : unpicked;
    say("", "");
  };
  chosen.addEventListener("change", show);
  at("again").addEventListener("click", () => {
    form.reset();
    show();
    at("done").hidden = true;
    at("send").hidden = false;
  });
  addEventListener("beforeunload", (e) => { if (sending) e.preventDefault(); });
  // the clock of this machine may be wrong: it only warns, the store decides
  if (expired()) say("ask", "按本机的时间，本页已经过期。" + renew + "。");
})();
