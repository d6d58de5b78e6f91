"use strict";
// Everything works without this; it adds the live tail, the slider, the keys, and fresh figures.
(() => {
  const root = document.documentElement;
  root.classList.add("scripted");
  const find = (selector) => document.querySelector(selector);
  const ROWS = 500;

  // Takes parts of a page over from another address, without leaving this one.
  let asked = 0;
  async function take(address, selector) {
    const mine = ++asked;
    const answer = await fetch(address, { credentials: "same-origin" });
    const text = await answer.text();
    const fresh = [...new DOMParser().parseFromString(text, "text/html").querySelectorAll(selector)];
    const old = [...document.querySelectorAll(selector)];
    // Only the latest counts, however the answers come in.
    if (mine !== asked) return undefined;
    if (!answer.ok || !fresh.length || fresh.length !== old.length) return false;
    const rel = document.activeElement && document.activeElement.rel;
    old.forEach((part, at) => part.replaceWith(document.adoptNode(fresh[at])));
    const again = rel && find(`[data-travel] a[rel=${rel}]`);
    if (again) again.focus();
    return true;
  }

  // The log as it grows.
  function tail(list) {
    const status = find("[data-status]");
    const pause = find("[data-pause]");
    const held = [];
    let paused = false;
    const tell = (text, off) => {
      status.textContent = text;
      status.classList.toggle("off", Boolean(off));
    };
    const add = (row) => {
      const template = document.createElement("template");
      template.innerHTML = row;
      const made = template.content.firstElementChild;
      if (!made || document.getElementById(made.id)) return;
      made.classList.add("fresh");
      list.prepend(made);
      const empty = find(".empty");
      if (empty) empty.remove();
      while (list.children.length > ROWS) list.lastElementChild.remove();
    };
    const source = new EventSource(list.dataset.tail);
    source.addEventListener("open", () => tell(paused ? "paused" : "live", paused));
    source.addEventListener("row", (event) => {
      if (!paused) return add(event.data);
      held.push(event.data);
      if (held.length > ROWS) held.shift();
      tell(`paused, ${held.length} new`, true);
    });
    source.addEventListener("trouble", (event) => tell(event.data, true));
    source.addEventListener("end", () => {
      source.close();
      tell("ended", true);
    });
    source.addEventListener("error", () => tell("not connected", true));
    pause.hidden = false;
    pause.addEventListener("click", () => {
      paused = !paused;
      pause.textContent = paused ? "Go on" : "Pause";
      tell(paused ? "paused" : "live", paused);
      while (!paused && held.length) add(held.shift());
    });
    addEventListener("pagehide", () => source.close());
  }
  const list = find("[data-tail]");
  if (list) tail(list);

  // Time travel: the slider and the links show another version in place. The slider itself stays,
  // so that it can be dragged on.
  async function travel(address) {
    const taken = await take(address, "[data-part]").catch(() => false);
    if (taken === false) location.assign(address);
    if (!taken) return;
    history.replaceState(null, "", address);
    const slider = find("[data-travel] input[type=range]");
    slider.setAttribute("aria-valuetext", find("[data-travel] output").innerText);
  }
  const slide = (address) => {
    const version = new URL(address, location.href).searchParams.get("version");
    const slider = find("[data-travel] input[type=range]");
    slider.value = version ?? slider.max;
    return travel(address);
  };
  addEventListener("input", (event) => {
    const form = event.target.closest("[data-travel]");
    if (!form || event.target.type !== "range") return;
    form.querySelector("output strong").textContent = event.target.value;
    travel(`stream?${new URLSearchParams(new FormData(form))}`);
  });
  addEventListener("click", (event) => {
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
    const link = event.target.closest("[data-travel] a, .history a");
    if (!link || !plain) return;
    event.preventDefault();
    slide(link.href);
  });

  // Figures that change are taken anew while nobody is about to use what would be replaced.
  function refresh() {
    const shown = find("[data-refresh]");
    if (!shown) return;
    setTimeout(async () => {
      const now = find("[data-refresh]");
      const used = now && (now.contains(document.activeElement) || now.querySelector("details[open]"));
      if (!document.hidden && !used) await take(location.href, "[data-refresh]").catch(() => {});
      refresh();
    }, Number(shown.dataset.refresh));
  }
  refresh();

  // Keys: j and k go down and up in the log and through versions, / goes to the filter.
  const move = (by) => {
    const rows = [...document.querySelectorAll(".event > summary")];
    if (!rows.length) return false;
    const at = rows.indexOf(document.activeElement);
    const to = at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by));
    rows[to].focus();
    return true;
  };
  const step = (rel) => {
    const link = find(`[data-travel] a[rel=${rel}]`);
    if (link) slide(link.href);
    return Boolean(find("[data-travel]"));
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input, textarea, select")) return;
    const keys = {
      j: () => step("next") || move(1),
      k: () => step("prev") || move(-1),
      ArrowRight: () => step("next"),
      ArrowLeft: () => step("prev"),
      Home: () => step("first"),
      End: () => step("last"),
      "/": () => {
        const field = find(".filter input:not([type=hidden])");
        if (field) field.focus();
        return Boolean(field);
      },
    };
    const done = keys[event.key];
    if (done && done()) event.preventDefault();
  });
})();
