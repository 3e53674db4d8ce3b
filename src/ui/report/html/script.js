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
  // A list to choose from wants the cell, or with NONE the lack of one; in a field for text * stands for any text.
  const NONE = "\u2205";
  const cellTest = (field) => {
    const wanted = field?.value ?? "";
    if (!wanted) return null;
    if (wanted === NONE) return (cell) => !cell;
    if (field instanceof HTMLSelectElement) return (cell) => cell === wanted;
    const pieces = wanted.trim().split("*").map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const pattern = new RegExp(`^${pieces.join("[^]*")}$`, "iu");
    return (cell) => pattern.test(cell);
  };
  const chosen = () => {
    const words = value("f-text").toLowerCase().split(/\s+/).filter(Boolean);
    // What the page does not have, as a link may ask for, is in no row.
    const wanted = (id, names) => (value(id) ? (names.includes(value(id)) ? names.indexOf(value(id)) : NaN) : null);
    const severity = wanted("f-severity", index.severities), urgency = wanted("f-state", index.urgencies);
    const posture = wanted("f-posture", index.postures), code = wanted("f-code", index.codes);
    const cells = index.carried.map((_, column) => cellTest(byId("f-carried-" + column)));
    const matches = [];
    index.rows.forEach((row, line) => {
      if (severity !== null && row[WORST] !== severity) return;
      if (urgency !== null && row[URGENCY] !== urgency) return;
      if (posture !== null && row[POSTURE] !== posture) return;
      if (code !== null && !row[CODES].includes(code)) return;
      if (!cells.every((fits, column) => fits === null || fits(name(row[CARRIED][column])))) return;
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
  const apply = () => {
    matches = chosen();
    limit = STEP;
    keep();
    return show();
  };

  // What is filtered by is in the address, behind the anchor: #domains?posture=broken&carried.owner=Ada. It never leaves the browser, and
  // the page opened by that address shows the same.
  const FIELDS = [["text", "f-text"], ["worst", "f-severity"], ["state", "f-state"], ["posture", "f-posture"], ["finding", "f-code"],
    ...index.carried.map((column, at) => ["carried." + column, "f-carried-" + at]), ["order", "f-order"]].filter(([, id]) => byId(id));
  const address = () => {
    const at = location.hash.indexOf("?");
    return at < 0 ? [location.hash, ""] : [location.hash.slice(0, at), location.hash.slice(at + 1)];
  };
  const asked = () => new URLSearchParams(FIELDS.flatMap(([key, id]) =>
    (value(id) ? [[key, value(id) === NONE ? "" : value(id)]] : []))).toString();
  const keep = () => {
    const wanted = asked(), [anchor, now] = address();
    form.dataset.active = wanted;
    if (now === wanted) return;
    const plain = anchor || location.pathname + location.search;
    history.replaceState(history.state, "", wanted ? `${anchor || "#domains"}?${wanted}` : plain);
  };
  const restore = () => {
    const given = new URLSearchParams(address()[1]);
    for (const [key, id] of FIELDS) {
      const field = byId(id), text = given.has(key) ? given.get(key) || NONE : "";
      field.value = text;
      if (field.value !== text && field instanceof HTMLSelectElement) {
        field.append(new Option(text, text));
        field.value = text;
      }
    }
  };
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

  // Links: to a domain, which may be packed or filtered away; to a code; from a figure to the domains that it counts.
  const reveal = async () => {
    const [anchor, wanted] = address();
    if (wanted && wanted !== asked()) {
      restore();
      await apply();
    }
    let id = anchor.slice(1);
    try { id = decodeURIComponent(id); } catch { /* It is no name of ours. */ }
    if (id.startsWith("d-") && !byId(id)) {
      const line = index.rows.findIndex((row) => row[DOMAIN] === id.slice(2));
      if (line >= 0) await only("f-text", id.slice(2));
    }
    keep();
    const target = byId(id);
    if (target instanceof HTMLDetailsElement) target.open = true;
    // A browser does not find the anchor of an address that has a filter behind it.
    if (target && (target instanceof HTMLDetailsElement || wanted)) target.scrollIntoView();
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
    if (link) {
      event.preventDefault();
      history.pushState(null, "", "#domains?" + link.dataset.show);
      reveal();
    }
    const button = event.target.closest("button.copy");
    if (button) {
      const text = button.parentElement.querySelector("pre");
      await copy("crlf" in text.dataset ? text.textContent.replaceAll("\n", "\r\n") : text.textContent);
      say(button, "Copied");
    }
  });

  // On paper what needs work is open, each on a page of its own; of the others there is a line.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...list.querySelectorAll("details.work:not([open])")];
    for (const section of opened) section.open = true;
  });
  addEventListener("afterprint", () => {
    for (const section of opened) section.open = false;
  });
  tell();
  await reveal();
  root.dataset.ready = "";
})();
