// The inbox by keyboard. A row leaves as soon as its verdict is sent, and comes back when the server refuses it.

const page = document.getElementById("main");
const rows = () => [...document.querySelectorAll(".handed-row:not([hidden])")];
const chosen = () => document.querySelector(".handed-row.is-chosen:not([hidden])");
const typing = "input:not([type=radio]), select, textarea, [contenteditable]";
document.documentElement.classList.add("has-script");

function choose(row, focus = true) {
  for (const other of document.querySelectorAll(".handed-row.is-chosen")) {
    other.classList.remove("is-chosen");
    other.removeAttribute("aria-current");
  }
  if (!row) return;
  row.classList.add("is-chosen");
  row.setAttribute("aria-current", "true");
  if (focus) row.focus({ preventScroll: focus === "still" });
}

function step(by) {
  const all = rows();
  const place = all.indexOf(chosen());
  choose(all[Math.max(0, Math.min(all.length - 1, place < 0 ? 0 : place + by))]);
}

// What was swapped in a moment ago may be pressed before htmx has seen it.
function send(part) {
  if (!part) return;
  window.htmx?.process(part);
  if (part instanceof HTMLFormElement) part.requestSubmit();
  else part.click();
}

function rate(stars) {
  const field = chosen()?.querySelector(`[name=rating][value="${stars}"]`);
  if (!field) return;
  field.checked = true;
  send(field.form);
}

function act(key) {
  if (key === "j" || key === "arrowdown") return step(1);
  if (key === "k" || key === "arrowup") return step(-1);
  if (key === "z") return send(document.querySelector("#said [data-key=z]"));
  if (/^[1-5]$/.test(key)) return rate(key);
  if ("arlpw".includes(key)) return send(chosen()?.querySelector(`[data-key="${key}"]`));
  return undefined;
}

const KEYS = new Set(["j", "k", "arrowdown", "arrowup", "a", "r", "l", "p", "w", "z", "1", "2", "3", "4", "5"]);

// Keys count in the inbox alone, and never where a person writes or chooses in a form.
document.addEventListener("keydown", (event) => {
  const { target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Escape" && target.closest(".handed-form")) return close(target.closest(".handed-form"));
  if (target.closest(typing) || target.closest(".handed-form")) return;
  if (target !== document.body && !page.contains(target)) return;
  const key = event.key.toLowerCase();
  if (!KEYS.has(key) || !document.getElementById("live")) return;
  event.preventDefault();
  act(key);
});

function close(form) {
  form.replaceChildren();
  choose(form.closest(".handed-row"));
}

page.addEventListener("click", (event) => {
  const form = event.target.closest("[data-closes]")?.closest(".handed-form");
  if (!form) return;
  event.preventDefault();
  close(form);
});

page.addEventListener("focusin", (event) => choose(event.target.closest(".handed-row"), false));

page.addEventListener("change", (event) => {
  if (event.target.name === "rating") send(event.target.form);
});

function leave(row) {
  const all = rows();
  const next = all[all.indexOf(row) + 1] ?? all[all.indexOf(row) - 1];
  row.hidden = true;
  choose(next);
}

document.addEventListener("htmx:beforeRequest", (event) => {
  const row = document.getElementById(event.detail.elt.dataset?.leaves);
  if (row) leave(row);
});

document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, successful } = event.detail;
  const row = document.getElementById(elt.dataset?.leaves);
  if (row && !successful) {
    row.hidden = false;
    choose(row);
  } else if (row) {
    row.remove();
    if (!rows().length) window.htmx.ajax("GET", window.location.href, { target: "#live", swap: "outerHTML" });
  } else if (elt.dataset?.key === "z" && successful) {
    elt.closest("li")?.remove();
  } else if (elt.dataset?.form && successful) {
    close(document.getElementById(`form-${elt.dataset.form}`));
  }
});

// A form that was opened has the focus, a lead that came back is chosen, a line goes when nothing can be undone any more.
document.addEventListener("htmx:afterSwap", (event) => {
  const { target } = event.detail;
  if (target.matches(".handed-form")) target.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  if (target.id === "said") fade();
});

document.addEventListener("htmx:afterSettle", (event) => {
  const live = event.detail.elt;
  if (live.id === "live") choose(document.getElementById(live.dataset.back) ?? rows()[0]);
});

function fade() {
  for (const line of document.querySelectorAll("#said > li:not([data-fades])")) {
    line.dataset.fades = "";
    setTimeout(() => line.remove(), Number(line.dataset.seconds) * 1000);
  }
}

// Leaving asks first while verdicts are still on their way.
addEventListener("beforeunload", (event) => {
  if (document.querySelector(".handed-row[hidden]")) event.preventDefault();
});

fade();
if (document.getElementById("handed")) choose(rows()[0], "still");
