// Drafts save themselves, and two editors at once are told of each other. Nothing is overwritten silently: whoever comes
// second sees both states and chooses; what is not chosen stays in the history.
//
// An editor calls drafts.begin(read) with a function that gives {name, draft}, then changed() after each change. A plain
// form needs no script: <form data-draft-form> with fields [data-draft-name] and [data-draft-part="…"].
"use strict";

const drafts = (() => {
  const EVERY = 12_000; // milliseconds between two words of presence
  const source = document.getElementById("draft-data");
  const data = source ? JSON.parse(source.textContent) : { editable: false, words: {} };
  const { words } = data;
  const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value || "";
  const tab = Math.random().toString(36).slice(2);
  const choose = document.getElementById("choose");
  const notices = document.getElementById("notices");

  let read = null;
  let revision = data.revision;
  let editable = data.editable;
  let saved = "";
  let saving = null; // the save under way
  let chosen = false; // theirs was seen and mine chosen: the next save keeps theirs as a line of the history
  let conflict = false; // somebody else saved: nothing is written until the person has chosen
  let timer = 0;
  let early = false; // a field had been changed before the editor began

  const post = (path, body, more = {}) =>
    fetch(`${data.address}/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify(body),
      ...more,
    });
  const current = () => JSON.stringify(read());
  const isDirty = () => editable && read !== null && current() !== saved;

  function say(text, kind) {
    const place = document.querySelector("[data-draft-state]");
    if (!place) return;
    place.textContent = text;
    place.dataset.kind = kind;
  }

  // A notice of one kind at a time; without text it goes.
  function notice(kind, text, button = "", act = null) {
    let box = notices.querySelector(`[data-draft-notice="${kind}"]`);
    if (!text) return box?.remove();
    if (!box) {
      box = document.createElement("div");
      box.dataset.draftNotice = kind;
      box.className = `notice draft-others ${kind === "others" ? "" : "warning"}`;
      notices.append(box);
    }
    const span = document.createElement("span");
    span.textContent = text;
    box.replaceChildren(span);
    if (button) {
      const made = document.createElement("button");
      made.type = "button";
      made.className = "button small";
      made.textContent = button;
      made.addEventListener("click", act);
      box.append(made);
    }
  }

  // ---- saving --------------------------------------------------------------------------------------------------

  function save() {
    clearTimeout(timer);
    saving ||= saveNow().finally(() => (saving = null));
    return saving;
  }

  async function saveNow() {
    if (conflict) {
      ask();
      return false;
    }
    while (isDirty()) {
      const sending = current();
      say(words.saving, "busy");
      let response, answer;
      try {
        response = await post("draft", { ...JSON.parse(sending), revision, chosen });
        answer = await response.json();
      } catch {
        say(words.failed, "error");
        timer = setTimeout(save, 5000);
        return false;
      }
      if (!response.ok) return refused(response.status, answer);
      revision = answer.revision;
      chosen = false;
      saved = sending;
      say(`${words.saved} ${answer.saved}`, "fine");
      drawName();
    }
    return true;
  }

  function refused(status, answer) {
    if (status === 409) {
      conflict = true;
      say(words.unsaved, "error");
      notice("conflict", answer.error, words.choose, ask);
      ask();
    } else if (status === 423) frozen(answer.error);
    else say(`${words.unsaved}: ${answer.error || status}`, "error");
    return false;
  }

  function frozen(text) {
    editable = false;
    say(words.unsaved, "error");
    notice("frozen", text, words.reload, () => location.reload());
  }

  function drawName() {
    const heading = document.querySelector("[data-draft-heading]");
    if (heading) heading.textContent = read().name;
    for (const field of document.querySelectorAll("[data-draft-revision]")) field.value = revision;
  }

  function changed() {
    if (!isDirty() || conflict) return;
    say(words.unsaved, "busy");
    clearTimeout(timer);
    timer = setTimeout(save, 1200);
  }

  // ---- both states, for the person to choose ---------------------------------------------------------------------

  async function ask() {
    const response = await post("compare", read());
    if (!response.ok) return;
    choose.innerHTML = await response.text(); // made by our own template, which escapes what people wrote
    if (!choose.open) choose.showModal();
  }

  choose?.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-choice]");
    if (!button) return;
    if (button.dataset.choice === "theirs") {
      const kept = await post("aside", read());
      if (!kept.ok) return;
      editable = false;
      location.reload();
      return;
    }
    choose.close();
    if (button.dataset.choice !== "mine") return;
    revision = Number(button.dataset.revision);
    chosen = true;
    conflict = false;
    notice("conflict", "");
    notice("moved", "");
    save();
  });

  // ---- who else is here ------------------------------------------------------------------------------------------

  async function tell() {
    let found;
    try {
      const response = await post("editing", { tab });
      if (!response.ok) return;
      found = await response.json();
    } catch {
      return; // the next word may get through
    }
    notice("others", found.others);
    if (found.frozen && editable) frozen(found.frozen);
    if (found.revision <= revision || saving || conflict) return;
    const text = words.moved.replace("{who}", found.who).replace("{when}", found.when);
    if (isDirty()) notice("moved", text);
    else notice("moved", text, words.reload, () => location.reload());
  }

  // What a person typed before this script ran, or what the browser put back when the page was loaded anew, is a change.
  function touched(field) {
    if (["checkbox", "radio"].includes(field.type)) return field.checked !== field.defaultChecked;
    if (field.tagName !== "SELECT") return field.value !== field.defaultValue;
    const options = [...field.options];
    return options.some((one) => one.defaultSelected) && options.some((one) => one.selected !== one.defaultSelected);
  }

  function isSaved() {
    if (!early) saved = current();
    else changed();
  }

  function begin(reader) {
    read = reader;
    const fields = "main fieldset :is(input, select, textarea), main form.form :is(input, select, textarea)";
    early = [...document.querySelectorAll(fields)].some((field) => field.type !== "hidden" && touched(field));
    isSaved();
    if (editable) {
      tell();
      setInterval(() => document.visibilityState === "visible" && tell(), EVERY);
      window.addEventListener("pagehide", () => post("editing", { tab, left: true }, { keepalive: true }));
    }
    window.addEventListener("beforeunload", (event) => {
      if (isDirty()) event.preventDefault();
    });
    document.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.key !== "s") return;
      event.preventDefault();
      save();
    });
    return { changed, save, isSaved };
  }

  // ---- plain forms -----------------------------------------------------------------------------------------------

  const form = document.querySelector("[data-draft-form]");
  if (form && source) {
    const name = form.querySelector("[data-draft-name]");
    const parts = [...form.querySelectorAll("[data-draft-part]")];
    const draft = begin(() => ({
      name: name.value,
      draft: Object.fromEntries(parts.map((field) => [field.dataset.draftPart, field.value])),
    }));
    form.addEventListener("input", draft.changed);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      draft.save();
    });
  }

  return { begin };
})();
