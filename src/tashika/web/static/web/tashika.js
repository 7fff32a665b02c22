// The shell's own behaviour: dialogs, menu, live figures, keyboard, guards. No framework, no inline script.

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) document.getElementById(opener.dataset.open)?.showModal();
  if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    copyText(copy.dataset.copy);
    const words = (copy.dataset.words ||= copy.textContent);
    copy.textContent = copy.dataset.copied || "✓";
    setTimeout(() => (copy.textContent = words), 2000);
  }
  if (event.target.closest(".menu-button")) document.querySelector(".side").classList.toggle("open");
  else if (!event.target.closest(".side")) document.querySelector(".side")?.classList.remove("open");
  for (const menu of document.querySelectorAll("details.dropdown[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// Over plain HTTP browsers offer no clipboard: the older way works everywhere.
function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

let sent = false; // a form is under way: live figures must not load the page anew, or its answer would be lost
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) return event.preventDefault();
  if (event.target.hasAttribute("hx-post") || event.target.getAttribute("method") === "dialog") return;
  sent = true;
  const button = event.submitter;
  // A double click sends one form.
  if (button) setTimeout(() => (button.disabled = true), 0);
});

// Back from the next page: buttons work again.
window.addEventListener("pageshow", () => {
  sent = false;
  for (const button of document.querySelectorAll("button:disabled[type=submit]:not([data-off])")) button.disabled = false;
});

const places = { c: "/contacts", i: "/imports", g: "/segments", m: "/mails", s: "/scenarios", d: "/dispatches", h: "/" };
let waiting = false;
document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea, select, [contenteditable]") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") {
    event.preventDefault();
    document.querySelector(".top .search input")?.focus();
  } else if (event.key === "?") document.getElementById("keys")?.showModal();
  else if (event.key === "g") {
    waiting = true;
    setTimeout(() => (waiting = false), 1000);
  } else if (waiting && places[event.key]) location.href = places[event.key];
});

// Live figures: <div data-events="/…/events"> holds elements with data-field, data-width; the server sends JSON.
for (const place of document.querySelectorAll("[data-events]")) {
  const source = new EventSource(place.dataset.events);
  source.onmessage = (message) => {
    const values = JSON.parse(message.data);
    for (const element of place.querySelectorAll("[data-field]")) {
      const value = values[element.dataset.field];
      if (value !== undefined) element.textContent = typeof value === "number" ? value.toLocaleString() : value;
    }
    for (const element of place.querySelectorAll("[data-width]")) {
      const share = values.planned ? (100 * values[element.dataset.width]) / values.planned : 0;
      element.style.width = `${share}%`;
    }
    if (values.reload && !sent && !document.querySelector("dialog[open]")) {
      source.close();
      location.reload();
    }
  };
  window.addEventListener("pagehide", () => source.close());
}
