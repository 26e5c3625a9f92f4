// The page's own script: keeps what did not change, draws charts, turns presses into events. Asks no other host.
(() => {
  "use strict";
  const figures = new Map(); // id of an empty element → Plotly figure
  const drawnTheme = new WeakMap();

  // ---- charts --------------------------------------------------------------------------------------------------
  const css = (name) => getComputedStyle(document.body).getPropertyValue(name).trim();
  const isDark = () => document.body.classList.contains("dark");

  function themed(layout) {
    const text = css("--body-text-color") || "#222";
    const grid = isDark() ? "rgba(255,255,255,0.10)" : "rgba(0,0,0,0.08)";
    const axis = (given) => ({ ...given, gridcolor: grid, zerolinecolor: grid, linecolor: grid });
    const font = { ...(layout.font || {}), color: text, family: css("--font") || "sans-serif", size: 13 };
    const label = { bgcolor: isDark() ? "#33363d" : "#ffffff", bordercolor: grid, font: { color: text, family: font.family }, align: "left" };
    return { ...layout, font, hoverlabel: label, xaxis: axis(layout.xaxis || {}), yaxis: axis(layout.yaxis || {}) };
  }

  function draw(holder) {
    const figure = figures.get(holder.id);
    if (!figure || !window.Plotly || holder.offsetWidth === 0) return;
    const look = `${isDark()}`;
    if (drawnTheme.get(holder) === look) return;
    drawnTheme.set(holder, look);
    window.Plotly.react(holder, structuredClone(figure.data), themed(structuredClone(figure.layout)), {
      displayModeBar: false, responsive: true, staticPlot: false, showLink: false, scrollZoom: false,
    });
  }

  function drawAll(root) {
    root.querySelectorAll(".plot").forEach(draw);
  }

  new MutationObserver(() => drawAll(document)).observe(document.documentElement, {
    attributes: true, attributeFilter: ["class"], subtree: false,
  });
  document.addEventListener("DOMContentLoaded", () => {
    new MutationObserver(() => drawAll(document)).observe(document.body, { attributes: true, attributeFilter: ["class"] });
    drawAll(document);
  });
  window.addEventListener("load", () => drawAll(document));
  document.addEventListener("toggle", (event) => {
    if (event.target instanceof HTMLDetailsElement && event.target.open) drawAll(event.target);
  }, true);

  // a phone shows the conversation first, not the list of conversations
  function closeSideOnPhone() {
    const side = document.querySelector("#side.open");
    if (side && window.innerWidth < 760) side.querySelector(".toggle-button")?.click();
  }

  // the framework opens it some time after the page has come; a person's own press ends the watch
  function beginWithoutSide() {
    const until = performance.now() + 3000;
    let pressed = false;
    document.addEventListener("pointerdown", () => { pressed = true; }, { once: true });
    const look = () => {
      if (pressed || performance.now() > until) return;
      closeSideOnPhone();
      setTimeout(look, 150);
    };
    look();
  }

  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-skip]")) return;
    event.preventDefault();
    document.querySelector("#box textarea, #box input")?.focus();
  });

  // what the person's system asks for: no movement
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  // ---- helpers -------------------------------------------------------------------------------------------------
  const say = (text) => {
    const line = document.getElementById("page-status");
    if (line && text) line.textContent = text;
  };

  function statusLine() {
    if (document.getElementById("page-status")) return;
    const line = document.createElement("div");
    line.id = "page-status";
    line.className = "visually-hidden";
    line.setAttribute("role", "status");
    line.setAttribute("aria-live", "polite");
    document.body.appendChild(line);
  }

  function replaceKeepingOpen(node, html) {
    const open = new Set([...node.querySelectorAll("details[open][data-key]")].map((d) => d.dataset.key));
    node.innerHTML = html;
    node.querySelectorAll("details[data-key]").forEach((d) => { if (open.has(d.dataset.key)) d.open = true; });
  }

  const threadOfAddress = () => {
    const found = /^#c=([0-9a-zA-Z_-]+)$/.exec(location.hash);
    return found ? found[1] : "";
  };

  function rememberThread(thread) {
    const wanted = thread ? `#c=${thread}` : "";
    if (location.hash !== wanted) history.replaceState(null, "", location.pathname + location.search + wanted);
  }

  // ---- the conversation ------------------------------------------------------------------------------------------
  function log(element, props, watch, trigger) {
    statusLine();
    const root = element.querySelector(".own");
    const hero = root.appendChild(document.createElement("div"));
    const turns = root.appendChild(document.createElement("div"));
    turns.className = "turns";
    turns.setAttribute("role", "log");
    turns.setAttribute("aria-live", "off");
    let thread = null;
    const shown = new Map(); // id → html

    function render() {
      const value = props.value || { turns: [] };
      const switched = thread !== value.thread;
      if (switched && !(thread === "" && value.turns.length === 1)) { turns.replaceChildren(); shown.clear(); }
      thread = value.thread;
      if (value.thread !== null) rememberThread(value.thread);
      if (hero.dataset.html !== value.hero) { hero.innerHTML = value.hero; hero.dataset.html = value.hero; }
      const wanted = new Set(value.turns.map((t) => t.id));
      const last = value.turns.length - 1;
      value.turns.forEach((turn, index) => {
        let node = turns.children[index];
        const fresh = !node;
        if (fresh) { node = turns.appendChild(document.createElement("section")); node.className = "turn"; }
        for (const [id, figure] of Object.entries(turn.plots || {})) figures.set(id, figure);
        if (node.dataset.turn !== turn.id || shown.get(turn.id) !== turn.html) {
          if (node.dataset.turn && node.dataset.turn !== turn.id) shown.delete(node.dataset.turn);
          node.dataset.turn = turn.id;
          shown.set(turn.id, turn.html);
          replaceKeepingOpen(node, turn.html);
          drawAll(node);
        }
        if (fresh && index === last && index > 0) requestAnimationFrame(() => node.scrollIntoView({ block: "start" }));
      });
      while (turns.children.length > value.turns.length) turns.lastChild.remove();
      for (const id of [...shown.keys()]) if (!wanted.has(id)) shown.delete(id);
      turns.setAttribute("aria-busy", String(Boolean(value.busy)));
      say(value.say);
      if (switched && value.turns.length === 0) window.scrollTo(0, 0);
    }

    element.addEventListener("click", (event) => press(event, trigger));
    element.addEventListener("submit", (event) => {
      const rule = event.target.closest("form.number");
      if (rule) {
        event.preventDefault();
        const said = rule.querySelector("input").value.trim();
        if (said !== "" && said !== rule.dataset.was) trigger("ask", { text: rule.dataset.say.replace("[new]", () => said) });
        return;
      }
      const form = event.target.closest("form.comment");
      if (!form) return;
      event.preventDefault();
      const text = form.querySelector("textarea").value.trim();
      if (text) trigger("rate", { run: form.dataset.run, good: false, comment: text });
      form.hidden = true;
    });
    watch("value", render);
    render();
    beginWithoutSide();
  }

  function press(event, trigger) {
    const target = event.target.closest("[data-ask],[data-retry],[data-edit],[data-copy],[data-rate],[data-cell-ref],[data-decide]");
    if (!target) return;
    const data = target.dataset;
    if (data.ask !== undefined) trigger("ask", { text: data.ask });
    else if (data.retry !== undefined) trigger("ask", { text: data.retry });
    else if (data.edit !== undefined) {
      trigger("edit", { text: data.edit });
      document.querySelector("#box textarea, #box input")?.focus();
    } else if (data.copy !== undefined) copy(target, data.copy);
    else if (data.rate !== undefined) rate(target, trigger);
    else if (data.decide !== undefined) decide(target);
    else if (data.cellRef !== undefined) showCell(target);
  }

  // a person's decision about a dry run; it goes to the server by itself, never through the chat
  async function decide(button) {
    const box = button.closest(".decision");
    const said = box.querySelector(".said-back");
    const typed = box.querySelector("input[name=typed]");
    const buttons = [...box.querySelectorAll("button")];
    buttons.forEach((b) => { b.disabled = true; });
    let done = false;
    try {
      const answer = await fetch("/assistant/decision", {
        method: "POST", headers: { "content-type": "application/json", "x-assistant-decision": "card" },
        body: JSON.stringify({ digest: box.dataset.digest, decision: button.dataset.decide, typed: typed ? typed.value : null }),
      });
      const body = await answer.json();
      done = answer.ok;
      said.textContent = body.said || body.detail || "";
    } catch { said.textContent = box.dataset.offline || ""; }
    if (!done) buttons.forEach((b) => { b.disabled = false; });
  }

  async function copy(button, text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.body.appendChild(document.createElement("textarea"));
      area.value = text;
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.classList.add("did");
    setTimeout(() => button.classList.remove("did"), 1200);
  }

  function rate(button, trigger) {
    const card = button.closest(".card");
    const good = button.dataset.rate === "good";
    card.querySelectorAll("[data-rate]").forEach((b) => b.setAttribute("aria-pressed", String(b === button)));
    const form = card.querySelector("form.comment");
    form.hidden = good;
    if (!good) form.querySelector("textarea").focus();
    trigger("rate", { run: card.dataset.run, good, comment: "" });
  }

  function showCell(number) {
    const card = number.closest(".card");
    const cell = [...card.querySelectorAll("[data-cell]")].find((c) => c.dataset.cell === number.dataset.cellRef);
    const goal = cell || card.querySelector("details.how");
    if (!goal) return;
    if (!cell) goal.open = true;
    for (let d = goal.closest("details"); d; d = d.parentElement.closest("details")) d.open = true;
    goal.scrollIntoView({ block: "center", behavior: still() ? "auto" : "smooth" });
    goal.classList.add("flash");
    setTimeout(() => goal.classList.remove("flash"), 1600);
  }

  // ---- the list of conversations -----------------------------------------------------------------------------------
  function plainList(element, props, watch) {
    const root = element.querySelector(".own");
    let last = null;
    const render = () => {
      const html = (props.value || {}).html || "";
      if (html !== last) { last = html; root.innerHTML = html; }
    };
    watch("value", render);
    render();
    return root;
  }

  function threads(element, props, watch, trigger) {
    plainList(element, props, watch);
    element.addEventListener("click", (event) => {
      const target = event.target.closest("button");
      if (!target) return;
      const data = target.dataset;
      const item = target.closest("li");
      if (data.open) { trigger("open", { thread: data.open }); closeSideOnPhone(); }
      else if (data.delete) { item.querySelector(".sure").hidden = false; item.querySelector(".sure .no").focus(); }
      else if (data.deleteYes) trigger("remove", { thread: data.deleteYes });
      else if (data.deleteNo !== undefined) { item.querySelector(".sure").hidden = true; item.querySelector(".delete").focus(); }
    });
  }

  // ---- data, day, brain --------------------------------------------------------------------------------------------
  function header(element, props, watch, trigger) {
    const root = element.querySelector(".own");
    let last = null;
    const render = () => {
      const html = (props.value || {}).html || "";
      if (html === last) return;
      last = html;
      const held = root.contains(document.activeElement);
      root.innerHTML = html;
      if (held) root.querySelector(".as-of > summary")?.focus();
    };
    watch("value", render);
    render();
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      trigger("day", { day: event.target.querySelector("input[name=day]").value || "-" });
    });
    element.addEventListener("click", (event) => {
      if (event.target.closest("[data-day-reset]")) trigger("day", { day: "" });
    });
  }

  // what pops up closes with Escape, and when something else is pressed
  const closePops = (except) => document.querySelectorAll("details[data-pop][open]").forEach((d) => {
    if (d !== except) d.open = false;
  });
  document.addEventListener("click", (event) => closePops(event.target.closest?.("details[data-pop]")));
  document.addEventListener("keydown", (event) => {
    const pop = event.key === "Escape" && document.querySelector("details[data-pop][open]");
    if (!pop) return;
    pop.open = false;
    pop.querySelector("summary").focus();
  });

  // ---- the form of columns -----------------------------------------------------------------------------------------
  function form(element, props, watch, trigger) {
    plainList(element, props, watch);
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      const mapping = {};
      event.target.querySelectorAll("select[data-source]").forEach((s) => { mapping[s.dataset.source] = s.value || null; });
      const field = (name) => event.target.querySelector(`input[name=${name}]`)?.value || "";
      trigger("confirm", { mapping, shop: field("shop"), currency: field("currency") });
    });
    element.addEventListener("click", (event) => {
      if (event.target.closest("[data-cancel]")) trigger("dismiss", {});
    });
  }

  window.assistantPage = { log, threads, form, header, threadOfAddress };
})();
