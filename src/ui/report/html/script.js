// Searches, filters, unpacks and copies. Everything that it shows was written into the page when it was made; nothing is loaded.
"use strict";
(async () => {
  const byId = (id) => document.getElementById(id);
  const root = document.documentElement;
  // What is packed: a text, compressed, in base64.
  const unpack = async (element) => {
    const bytes = Uint8Array.from(atob(element.textContent), (c) => c.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).text();
  };
  const index = JSON.parse(await unpack(byId("index")));
  root.classList.add("js");
  const list = byId("list"), count = byId("count"), more = byId("more"), form = byId("filter");
  const STEP = 300;

  // The theme: that of the system, or one chosen and remembered where the browser lets a page remember.
  const theme = byId("theme");
  const setTheme = (name) => (name ? (root.dataset.theme = name) : delete root.dataset.theme);
  try { theme.value = localStorage.getItem("stscan-theme") || ""; } catch { /* A page may not remember. */ }
  setTheme(theme.value);
  theme.addEventListener("change", () => {
    setTheme(theme.value);
    try { localStorage.setItem("stscan-theme", theme.value); } catch { /* Likewise. */ }
  });

  // A row of the index by name.
  const [DOMAIN, URGENCY, WORST, POSTURE, CODES, MAIL, HOST, CARRIED, PLACE] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const name = (place) => (place === null || place === undefined ? "" : index.names[place]);
  const haystacks = index.rows.map((row) =>
    [row[DOMAIN], name(row[MAIL]), name(row[HOST]), ...row[CARRIED].map(name)].join("\n").toLowerCase());

  // Sections: those on the page, and those that are packed.
  const sections = new Map([...list.children].map((section, line) => [line, section]));
  const packs = document.getElementsByClassName("pack");
  const build = (html) => {
    const template = document.createElement("template");
    template.innerHTML = html;
    const section = template.content.firstElementChild;
    for (const finding of section.querySelectorAll(".finding")) {
      const prose = byId("c-" + finding.dataset.code)?.querySelector(".prose");
      if (prose) finding.append(prose.cloneNode(true));
    }
    return section;
  };
  const fetchSections = async (lines) => {
    const missing = Map.groupBy(lines.filter((line) => !sections.has(line)), (line) => Math.floor(index.rows[line][PLACE] / index.pack));
    await Promise.all([...missing].map(async ([pack, wanted]) => {
      const texts = (await unpack(packs[pack])).split("\x1e");
      for (const line of wanted) sections.set(line, build(texts[index.rows[line][PLACE] % index.pack]));
    }));
    return lines.map((line) => sections.get(line));
  };

  // Filtering.
  const value = (id) => byId(id)?.value ?? "";
  const chosen = () => {
    const words = value("f-text").toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = (id, names) => (value(id) ? names.indexOf(value(id)) : null);
    const severity = wanted("f-severity", index.severities), urgency = wanted("f-state", index.urgencies);
    const posture = wanted("f-posture", index.postures), code = wanted("f-code", index.codes);
    const cells = index.carried.map((_, column) => value("f-carried-" + column));
    const matches = [];
    index.rows.forEach((row, line) => {
      if (severity !== null && row[WORST] !== severity) return;
      if (urgency !== null && row[URGENCY] !== urgency) return;
      if (posture !== null && row[POSTURE] !== posture) return;
      if (code !== null && !row[CODES].includes(code)) return;
      if (!cells.every((cell, column) => !cell || name(row[CARRIED][column]) === cell)) return;
      if (words.every((word) => haystacks[line].includes(word))) matches.push(line);
    });
    if (value("f-order") === "name") matches.sort((a, b) => (index.rows[a][DOMAIN] < index.rows[b][DOMAIN] ? -1 : 1));
    return matches;
  };
  let matches = [...index.rows.keys()], limit = STEP, turn = 0;
  const number = (n) => n.toLocaleString("en");
  const tell = () => {
    const shown = list.children;
    more.hidden = matches.length <= shown.length;
    const all = number(index.rows.length);
    const some = matches.length === index.rows.length ? `${all} domains` : `${number(matches.length)} of ${all} domains match`;
    count.textContent = more.hidden ? some : `${some}; ${number(shown.length)} are shown`;
  };
  const show = async () => {
    const mine = ++turn;
    const shown = await fetchSections(matches.slice(0, limit));
    if (mine !== turn) return; // Something else has been asked for meanwhile.
    list.replaceChildren(...shown);
    tell();
  };
  const apply = () => { matches = chosen(); limit = STEP; return show(); };
  let timer;
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(apply, 120); });
  form.addEventListener("submit", (event) => { event.preventDefault(); apply(); });
  form.addEventListener("reset", () => { clearTimeout(timer); timer = setTimeout(apply); });
  // Everything back to how it was but one field.
  const only = (field, text) => {
    form.reset();
    clearTimeout(timer);
    byId(field).value = text;
    return apply();
  };
  more.addEventListener("click", async () => {
    const next = list.children.length;
    limit += STEP;
    await show();
    list.children[next]?.querySelector("summary").focus();
  });

  // Links: to a domain, which may be packed or filtered away; to a code; from a finding to the domains that have it.
  const reveal = async () => {
    const id = decodeURIComponent(location.hash.slice(1));
    if (id.startsWith("d-") && !byId(id)) {
      const line = index.rows.findIndex((row) => row[DOMAIN] === id.slice(2));
      if (line >= 0) await only("f-text", id.slice(2));
    }
    const target = byId(id);
    if (target instanceof HTMLDetailsElement) {
      target.open = true;
      target.scrollIntoView();
    }
  };
  addEventListener("hashchange", reveal);

  const say = (button, text) => {
    const label = button.firstChild, before = label.data;
    label.data = text;
    setTimeout(() => { label.data = before; }, 1500);
  };
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  };
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("[data-show]");
    if (link) only("f-code", link.dataset.show);
    const button = event.target.closest("button.copy");
    if (button) {
      const text = button.parentElement.querySelector("pre");
      await copy("crlf" in text.dataset ? text.textContent.replaceAll("\n", "\r\n") : text.textContent);
      say(button, "Copied");
    }
  });

  // On paper everything that is shown is open.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...list.querySelectorAll("details.domain:not([open])")];
    for (const section of opened) section.open = true;
  });
  addEventListener("afterprint", () => {
    for (const section of opened) section.open = false;
  });
  tell();
  await reveal();
  root.dataset.ready = "";
})();
