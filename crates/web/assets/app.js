// Eziseller's dashboard works without this file. With it: forms swap <main> in place of a whole
// page load, lists follow what happens on the server, and times read in the reader's own zone.
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const status = () => $("#status");
  let stale = false;

  const parse = (html) => new DOMParser().parseFromString(html, "text/html");

  function adopt(page, { focus = true } = {}) {
    const fresh = $("main", page), here = $("main");
    if (!fresh || !here) { location.reload(); return; }
    here.replaceWith(document.adoptNode(fresh));
    const tabs = $(".tabs", page);
    if (tabs && $(".tabs")) $(".tabs").replaceWith(document.adoptNode(tabs));
    document.title = page.title;
    dress(document);
    const problem = $("[aria-invalid=true]");
    if (problem) problem.focus();
    else if (focus) { const note = $(".note[role]"); (note || $("main")).focus({ preventScroll: !note }); }
    status().textContent = $(".note[role]")?.innerText || "";
    follow();
  }

  // Forms: post, follow the redirect, swap. Downloads, uploads and sign-in stay with the browser.
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.hasAttribute("data-plain")) return;
    const question = event.submitter?.dataset.confirm;
    if (question && !confirm(question)) { event.preventDefault(); return; }
    if (form.method !== "post") return;
    event.preventDefault();
    if (form.getAttribute("aria-busy") === "true") return;
    form.setAttribute("aria-busy", "true");
    const data = new FormData(form, event.submitter || undefined);
    const multipart = form.enctype === "multipart/form-data";
    try {
      const answer = await fetch(form.action, {
        method: "POST", credentials: "same-origin", headers: { accept: "text/html" },
        body: multipart ? data : new URLSearchParams(data),
      });
      const html = await answer.text();
      if (!(answer.headers.get("content-type") || "").startsWith("text/html")) throw new Error("no page");
      if (answer.url && answer.redirected && answer.url !== location.href) history.pushState(null, "", answer.url);
      adopt(parse(html));
      if (answer.ok && answer.redirected && !location.hash) scrollTo({ top: 0 });
    } catch {
      form.removeAttribute("aria-busy");
      status().textContent = "";
      tell("That did not go through. Check your connection and try again.");
    }
  });
  addEventListener("popstate", () => location.reload());

  function tell(text) {
    let flag = $("#live-flag");
    if (!flag) { flag = document.createElement("button"); flag.id = "live-flag"; flag.type = "button"; flag.className = "primary"; document.body.append(flag); }
    flag.textContent = text;
    flag.onclick = () => { flag.remove(); refresh(true); };
    status().textContent = text;
  }

  // Live updates: the server says which subject changed; the page asks for itself again.
  let source, timer;
  const typing = () => {
    const el = document.activeElement;
    if (el && $("main")?.contains(el) && /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName)) return true;
    if ($("main details[open] form")) return true;
    return [...document.querySelectorAll("main textarea, main input:not([type=hidden])")].some((f) => f.value !== f.defaultValue);
  };
  async function refresh(forced) {
    if (!forced && typing()) { tell("Something new came in. Show it"); return; }
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", headers: { accept: "text/html" } });
      if (!answer.ok) return;
      if (answer.redirected) { location.reload(); return; }
      const before = new Set([...document.querySelectorAll("main [id]")].map((el) => el.id));
      const y = scrollY, said = $("main > .note[role]");
      adopt(parse(await answer.text()), { focus: false });
      // What the last action came to stays readable until the next one.
      if (said && !$("main > .note[role]")) $("main").prepend(said);
      scrollTo(0, y);
      for (const el of document.querySelectorAll("main [id].card, main li[id]")) if (!before.has(el.id)) el.classList.add("fresh");
      $("#live-flag")?.remove();
      stale = false;
    } catch { /* The stream reconnects by itself and asks again. */ }
  }
  function follow() {
    const wanted = $("main")?.dataset.live;
    if (!wanted) { source?.close(); source = undefined; return; }
    if (source) return;
    source = new EventSource("/live");
    source.addEventListener("change", (event) => {
      const topics = ($("main")?.dataset.live || "").split(" ");
      if (!event.data.split(" ").some((t) => t === "all" || topics.includes(t))) return;
      if (document.hidden) { stale = true; return; }
      clearTimeout(timer);
      timer = setTimeout(refresh, 250);
    });
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden && stale) refresh(); });

  // Times: the server writes UTC; show the reader's own clock.
  function when(el) {
    const at = new Date(el.dateTime), now = new Date(), seconds = (now - at) / 1000;
    if (Number.isNaN(at.getTime())) return;
    el.title = at.toLocaleString();
    if (el.dataset.time === "clock") { el.textContent = at.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" }); return; }
    if (el.dataset.time === "day") { el.textContent = at.toLocaleDateString([], { weekday: "short", day: "numeric", month: "short" }); return; }
    if (seconds < -1) { el.textContent = at.toLocaleString([], { dateStyle: "medium", timeStyle: "short" }); return; }
    if (seconds < 60) el.textContent = "just now";
    else if (seconds < 3600) el.textContent = `${Math.floor(seconds / 60)} min ago`;
    else if (at.toDateString() === now.toDateString()) el.textContent = at.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
    else el.textContent = at.toLocaleDateString([], { day: "numeric", month: "short", ...(at.getFullYear() !== now.getFullYear() && { year: "numeric" }) });
  }
  function dress(root) {
    for (const el of root.querySelectorAll("time[data-time]")) when(el);
    const thread = $(".thread[data-end]");
    if (thread) thread.lastElementChild?.scrollIntoView({ block: "end" });
    const file = $("input[type=file][data-auto]");
    if (file) file.onchange = () => file.form.requestSubmit();
  }
  setInterval(() => document.querySelectorAll("time[data-time]").forEach(when), 30000);
  dress(document);
  follow();
})();
