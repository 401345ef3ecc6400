// Comfort only: every page works without this. Keys: / to search, j and k for the rows of a list, ? for help.
"use strict";
(() => {
  const rows = () => [...document.querySelectorAll("table.rows tbody tr, .found > li, .repair")].filter((row) => row.querySelector("a"));
  let at = -1;
  const go = (step) => {
    const all = rows();
    if (!all.length) return;
    at = Math.min(Math.max(at + step, 0), all.length - 1);
    all[at].querySelector("a").focus();
  };
  const chosen = (key) => {
    const of = document.activeElement && document.activeElement.closest(".repair");
    const button = of && of.querySelector(`button[data-key="${key}"]`);
    if (button) button.click();
    return Boolean(button);
  };
  // The first tick of a list, in its head, ticks all.
  const ticks = () => document.querySelectorAll("table.rows th.tick:not(:has(input))").forEach((head) => {
    const box = document.createElement("input");
    box.type = "checkbox";
    box.setAttribute("aria-label", "Choose all of this page");
    box.addEventListener("change", () => {
      for (const one of head.closest("table").querySelectorAll("td.tick input")) one.checked = box.checked;
    });
    head.append(box);
  });
  ticks();
  for (const field of document.querySelectorAll(".repair input[name=address]")) {
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") { event.preventDefault(); field.parentElement.querySelector("button").click(); }
    });
  }
  const help = () => {
    let box = document.getElementById("keys");
    if (!box) {
      box = document.createElement("dialog");
      box.id = "keys";
      box.setAttribute("aria-label", "Keys");
      const list = document.createElement("dl");
      for (const [key, what] of [["/", "search"], ["j", "next row"], ["k", "row before"], ["Enter", "open it"], ["c a u l", "of a repair: copy, address, unlink, leave"], ["?", "this help"], ["Esc", "close it"]]) {
        const dt = document.createElement("dt");
        const kbd = document.createElement("kbd");
        kbd.textContent = key;
        dt.append(kbd);
        const dd = document.createElement("dd");
        dd.textContent = what;
        list.append(dt, dd);
      }
      box.append(list);
      document.body.append(box);
    }
    if (box.open) box.close(); else box.showModal();
  };
  // A run that goes on, on the overview. Words that are read aloud do not change more often than they can be heard.
  const going = document.getElementById("going");
  if (going && window.EventSource) {
    const says = document.getElementById("progress");
    const bar = document.getElementById("bar");
    let run = document.getElementById("bar-of").hidden ? null : 0;
    let later = 0;
    let last = 0;
    const hear = (event) => {
      const now = JSON.parse(event.data);
      if (now.run === null && run === null) return;
      clearTimeout(later);
      const isNew = now.run !== run;
      run = now.run;
      going.className = "";
      document.getElementById("bar-of").hidden = false;
      bar.hidden = run === null;
      if (run === null) {
        says.textContent = "The run is over. Reload the page to see what it found.";
        return;
      }
      if (now.due > 0) { bar.max = now.due; bar.value = now.done; } else bar.removeAttribute("value");
      const say = () => { says.textContent = now.says; last = Date.now(); };
      later = setTimeout(say, isNew ? 0 : Math.max(0, last + 3000 - Date.now()));
    };
    // Browsers have few connections to one host, so a page that nobody sees gives its own back.
    let events = null;
    const listen = () => {
      if (document.hidden) {
        if (events) events.close();
        events = null;
      } else if (!events) {
        events = new EventSource(going.dataset.events);
        events.addEventListener("progress", hear);
      }
    };
    document.addEventListener("visibilitychange", listen);
    listen();
  }
  // A list that is narrowed shows what it has while one types.
  const list = document.querySelector("form.filter[data-live]");
  if (list) {
    let last = 0, waiting;
    const renew = async () => {
      const own = ++last;
      const query = new URLSearchParams([...new FormData(list)].filter(([, value]) => value));
      const path = query.size ? `${list.action}?${query}` : list.action;
      const said = await fetch(path, { headers: { Accept: "text/html" } });
      if (!said.ok || own !== last) return;
      const page = new DOMParser().parseFromString(await said.text(), "text/html");
      const now = document.getElementById("listed"), next = page.getElementById("listed");
      if (own !== last || !now || !next) return;
      now.replaceWith(document.adoptNode(next));
      ticks();
      at = -1;
      history.replaceState(null, "", path);
    };
    list.addEventListener("input", (event) => {
      if (event.target.type !== "search" && event.target.type !== "text") return;
      clearTimeout(waiting);
      waiting = setTimeout(() => renew().catch(() => {}), 250);
    });
  }
  document.addEventListener("keydown", (event) => {
    const inside = event.target.closest("input, select, textarea, [contenteditable]");
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (inside) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.key === "/") { event.preventDefault(); document.getElementById("find").focus(); }
    else if (event.key === "j") go(1);
    else if (event.key === "k") go(-1);
    else if (event.key === "?") help();
    else if ("caul".includes(event.key)) chosen(event.key);
  });
})();
