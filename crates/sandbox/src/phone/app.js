// The control page: asks the sandbox what is, draws it, and tells it what the customer does.
"use strict";
const $ = (id) => document.getElementById(id);
const api = async (path, body, method) => {
  const answer = await fetch("/_sandbox" + path, body === undefined && !method ? {} : {
    method: method || "POST",
    headers: { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return answer.status === 204 || answer.status === 202 ? null : answer.json();
};
// Elements are built, never pasted as HTML: texts come from customers and shops.
const el = (tag, props, ...children) => {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children.filter((c) => c !== null && c !== undefined));
  return node;
};
let world = null, chosen = null, drawn = "";
const act = (action) => chosen && api(`/customers/${chosen}/act`, action).then(refresh);
const avatar = (id, size) => el("img", { src: `/_sandbox/avatar/${id}.svg`, alt: "", width: size, height: size });

function businesses() {
  return world.accounts.flatMap((a) => [
    { id: a.instagram_account_id, label: `@${a.username} on Instagram`, name: a.username, channel: "Instagram" },
    a.page_id && { id: a.page_id, label: `${a.username} on Messenger`, name: a.username, channel: "Messenger" },
    a.phone_number_id && { id: a.phone_number_id, label: `${a.username} on WhatsApp`, name: a.username, channel: "WhatsApp" },
  ]).filter(Boolean);
}

function drawCustomers() {
  const select = $("business"), all = businesses();
  if (select.options.length !== all.length) {
    const kept = select.value;
    select.replaceChildren(...all.map((b) => el("option", { value: b.id, textContent: b.label })));
    if (kept) select.value = kept;
  }
  const mine = world.customers.filter((c) => c.business === select.value)
    .sort((a, b) => b.updated_at - a.updated_at);
  if (!mine.some((c) => c.id === chosen)) chosen = mine.length ? mine[0].id : null;
  $("customers").replaceChildren(...mine.map((c) => {
    const button = el("button", { type: "button", onclick: () => { chosen = c.id; drawn = ""; refresh(); } },
      avatar(c.id, 38), el("span", {}, el("strong", { textContent: c.name }),
        el("small", { textContent: c.last || "nothing written yet" })));
    button.setAttribute("aria-current", c.id === chosen);
    return el("li", {}, button);
  }));
  const shop = all.find((b) => b.id === select.value);
  $("shop-name").textContent = shop ? shop.name : "";
  $("shop-channel").textContent = shop ? shop.channel : "";
  $("shop-avatar").src = `/_sandbox/avatar/${select.value}.svg`;
}

function bubble(m, turn) {
  const content = m.message || {}, cls = (m.mine ? " mine" : "") + (turn ? " turn" : "");
  if (m.deleted) return el("div", { className: "msg gone" + cls, textContent: "Message unsent" });
  const template = content.attachment && content.attachment.payload;
  if (template && template.elements) {
    return el("div", { className: "cards" }, ...template.elements.map((e) => el("div", { className: "cardlet" },
      e.image_url ? el("img", { src: e.image_url, alt: "" }) : null,
      el("div", {}, el("strong", { textContent: e.title || `Product ${e.id}` }), el("br"), el("small", { textContent: e.subtitle || "" })),
      ...(e.buttons || []).map(button))));
  }
  if (template && template.buttons) {
    return el("div", { className: "cardlet" }, el("div", { textContent: template.text }), ...template.buttons.map(button));
  }
  const files = content.attachments || (content.attachment ? [content.attachment] : []);
  if (files.length) {
    const file = files[files.length - 1], url = file.payload && file.payload.url;
    const node = el("div", { className: "msg media" + cls });
    if (url && !["audio", "file"].includes(file.type)) node.append(el("img", { src: url, alt: file.type }));
    node.append(el("div", { className: "note", style: "padding:6px 12px", textContent: file.type.replace("_", " ") }));
    return node;
  }
  const node = el("div", { className: "msg" + cls });
  if (content.reply_to) node.append(el("span", { className: "note", textContent: content.reply_to.story ? "replied to a story" : "replied" }));
  if (content.referral) node.append(el("span", { className: "note", textContent: content.referral.product ? "from a product page" : "from an ad" }));
  node.append(m.text || content.type || (content.is_unsupported ? "unsupported message" : ""));
  if (m.edits) node.append(el("span", { className: "note", textContent: "edited" }));
  if (m.reaction) node.append(el("span", { className: "heart", textContent: "❤️" }));
  const tool = (label, title, onclick) => el("button", { type: "button", textContent: label, title, onclick });
  node.append(el("span", { className: "tools" }, ...(m.mine ? [
    tool("edit", "Edit", () => { const t = prompt("New text", m.text || ""); if (t) act({ action: "edit", mid: m.mid, text: t }); }),
    tool("unsend", "Unsend", () => act({ action: "unsend", mid: m.mid })),
  ] : [
    tool("♥", "React", () => act({ action: "react", mid: m.mid, reaction: m.reaction ? null : "love" })),
    tool("seen", "Seen", () => act({ action: "read", mid: m.mid })),
  ])));
  return node;
}
const button = (b) => el("button", { type: "button", textContent: b.title, onclick: () =>
  b.type === "web_url" ? window.open(b.url, "_blank", "noopener") : act({ action: "postback", title: b.title, payload: b.payload }) });

async function drawThread() {
  if (!chosen) { $("thread").replaceChildren(el("p", { className: "time", textContent: "Add a customer to begin" })); $("chips").replaceChildren(); return; }
  const { messages, activity } = await api(`/customers/${chosen}/thread`);
  const state = chosen + JSON.stringify([messages, activity]);
  if (state === drawn) return;
  drawn = state;
  const nodes = [];
  let before = null;
  for (const m of messages) {
    if (!before || m.at - before.at > 900000) nodes.push(el("div", { className: "time", textContent: new Date(m.at).toLocaleString([], { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" }) }));
    nodes.push(bubble(m, !before || before.mine !== m.mine));
    before = m;
  }
  if (activity === "typing_on") nodes.push(el("div", { className: "msg turn", textContent: "• • •" }));
  if (activity === "mark_seen") nodes.push(el("small", { textContent: "Seen", style: "align-self:flex-end" }));
  $("thread").replaceChildren(...nodes);
  $("thread").scrollTop = $("thread").scrollHeight;
  const last = messages[messages.length - 1];
  const content = (last && !last.mine && last.message) || {};
  const whatsapp = (content.interactive && content.interactive.action && content.interactive.action.buttons) || [];
  const replies = (content.quick_replies || []).map((q) => [q.title || q.content_type, q.payload || ""])
    .concat(whatsapp.map((b) => [b.reply.title, b.reply.id]));
  $("chips").replaceChildren(...replies.map(([title, payload]) =>
    el("button", { type: "button", textContent: title, onclick: () => act({ action: "quick_reply", title, payload }) })));
}

const time = (at) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const row = (...cells) => el("tr", {}, ...cells.map((c) => el("td", {}, c)));
const status = (text, good) => el("span", { className: "s " + (good ? "good" : "wrong"), textContent: text });
const rows = (id, list, empty) => $(id).replaceChildren(...(list.length ? list : [row(el("span", { className: "empty", textContent: empty }))]));

async function drawPanel() {
  const account = world.accounts.find((a) => [a.instagram_account_id, a.page_id, a.phone_number_id].includes($("business").value));
  const app = world.apps[0];
  $("callback").textContent = app && app.callback ? "webhooks to " + app.callback : "no callback set";
  $("callback").classList.toggle("on", Boolean(app && app.callback));
  $("clock").textContent = new Date(world.now).toLocaleString();
  $("faults").replaceChildren(...world.faults.map((f) => el("li", {},
    el("code", { textContent: f.endpoint || "every call" }), `${f.fault ? f.fault.kind : "http"} ${f.fault && f.fault.code ? f.fault.code : ""}`,
    el("small", { textContent: f.times ? `next ${f.times}` : "always" }),
    el("button", { type: "button", textContent: "remove", onclick: () => api(`/faults/${f.id}`, undefined, "DELETE").then(refresh) }))));
  const knobs = world.switches.find((s) => account && s.account === account.instagram_account_id) || {};
  for (const box of document.querySelectorAll("[data-switch]")) {
    const key = box.dataset.switch;
    box.checked = key === "held" ? world.held : key === "tokens_dead" ? world.tokens_dead > 0 : Boolean(knobs[key]);
  }
  $("alerts").hidden = !world.alerts.length;
  $("alerts").textContent = world.alerts.join(" · ");
  const rate = Math.round((world.random ? world.random.rate : 0) * 100);
  if (document.activeElement !== $("random")) { $("random").value = rate; $("random-out").textContent = rate + " %"; }
  const [calls, deliveries] = await Promise.all([api("/calls?last=12"), api("/deliveries?last=8")]);
  rows("calls", calls.reverse().map((c) => row(time(c.at), el("code", { textContent: `${c.method} /${c.path}` }),
    status(c.status ? c.status + (c.code ? ` · ${c.code}${c.subcode ? "/" + c.subcode : ""}` : "") : "cut", c.status === 200),
    el("small", { textContent: c.fault || "" }))), "No Graph API call yet");
  rows("deliveries", deliveries.reverse().map((d) => row(time(d.at), el("code", { textContent: d.body.slice(0, 90) + (d.body.length > 90 ? "…" : ""), title: d.body }),
    status(d.status || d.state, d.state === "delivered"), el("small", { textContent: d.attempts > 1 ? `${d.attempts} tries` : "" }))), "No webhook sent yet");
}

async function refresh() {
  world = await api("/state");
  drawCustomers();
  await Promise.all([drawThread(), drawPanel()]);
}

$("business").onchange = () => { chosen = null; drawn = ""; refresh(); };
$("new-customer").onsubmit = async (event) => {
  event.preventDefault();
  const made = await api("/customers", { business: $("business").value, name: event.target.elements.name.value });
  event.target.reset();
  chosen = made.id; drawn = "";
  refresh();
};
$("composer").onsubmit = (event) => {
  event.preventDefault();
  const input = event.target.elements.text;
  if (!input.value.trim()) return;
  act({ action: "say", text: input.value });
  input.value = "";
};
const MORE = {
  photo: () => ({ action: "attach", kind: "image" }),
  voice: () => ({ action: "attach", kind: "audio" }),
  share: () => ({ action: "share_post", url: location.origin + "/_sandbox/picture/post.svg", title: "New in the shop" }),
  mention: () => ({ action: "attach", kind: "story_mention" }),
  unsupported: () => ({ action: "unsupported" }),
  story: (text) => ({ action: "story_reply", text }),
  comment: (text) => ({ action: "comment", text }),
  ad: (text) => ({ action: "from_ad", text, ad_id: "120200000000000", ad_title: "Autumn" }),
  shop: (text) => ({ action: "shop_answers", text }),
};
for (const item of document.querySelectorAll("[data-act]")) {
  item.onclick = () => {
    const make = MORE[item.dataset.act], text = make.length ? prompt(item.textContent) : "";
    item.closest("details").open = false;
    if (text !== null) act(make(text));
  };
}
$("fault").onsubmit = (event) => {
  event.preventDefault();
  const f = event.target.elements;
  api("/faults", { endpoint: f.endpoint.value, times: Number(f.times.value), fault: JSON.parse(f.fault.value) }).then(refresh);
};
$("random").oninput = (event) => { $("random-out").textContent = event.target.value + " %"; };
$("random").onchange = (event) => api("/faults/random", { rate: event.target.value / 100 }).then(refresh);
for (const box of document.querySelectorAll("[data-switch]")) {
  box.onchange = () => {
    const account = $("business").value;
    const change = {
      held: { change: "delivery", held: box.checked },
      message_access: { change: "message_access", account, on: box.checked },
      page_restricted: { change: "page_restricted", account, on: box.checked },
      tokens_dead: box.checked ? { change: "revoke_tokens", account, subcode: 460 } : { change: "restore_tokens", account },
    }[box.dataset.switch];
    api("/change", change).then(refresh);
  };
}
for (const item of document.querySelectorAll("[data-ms]")) {
  item.onclick = () => api("/clock", { advance_ms: Number(item.dataset.ms) }).then(refresh);
}
(async () => {
  let seen = 0;
  for (;;) {
    try {
      await refresh();
      seen = (await api("/wait?seen=" + seen)).version;
    } catch {
      await new Promise((done) => setTimeout(done, 2000));
    }
  }
})();
