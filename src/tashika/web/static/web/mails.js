// The mail editor: code areas with line numbers, live preview, merge-field menu, problems, autosave.
"use strict";

(() => {
  const editor = document.getElementById("mail-editor");
  const data = JSON.parse(document.getElementById("mail-data").textContent);
  const words = data.words;
  const form = document.getElementById("mail-form");
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  const byId = (id) => document.getElementById(id);
  const parts = Object.fromEntries([...form.querySelectorAll("[data-part]")].map((field) => [field.dataset.part, field]));
  const SOURCES = ["mjml", "html", "text"];

  let person = null; // the contact's id that the preview shows
  let lastField = parts.mjml; // where a merge field goes in
  let marked = {}; // part -> lines with an error

  const post = (url, body) =>
    fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify(body),
    });

  const later = (milliseconds, act) => {
    let timer = 0;
    return () => {
      clearTimeout(timer);
      timer = setTimeout(act, milliseconds);
    };
  };

  const element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    made.append(...children);
    return made;
  };

  // ---- the draft ---------------------------------------------------------------------------------------------

  let madeText = "";

  function body() {
    const draft = { ...data.body };
    for (const [part, field] of Object.entries(parts)) {
      draft[part] = field.type === "checkbox" ? field.checked : field.value;
    }
    if (draft.text_auto && draft.format !== "text") draft.text = "";
    return draft;
  }

  // ---- code areas --------------------------------------------------------------------------------------------

  function drawGutter(box) {
    const area = box.querySelector("textarea");
    const gutter = box.querySelector(".mail-gutter");
    const count = area.value.split("\n").length;
    const wrong = marked[area.dataset.part] || {};
    const signature = `${count}:${Object.entries(wrong).join()}`;
    if (gutter.dataset.signature !== signature) {
      gutter.dataset.signature = signature;
      gutter.replaceChildren(
        ...Array.from({ length: count }, (_, index) => {
          const line = element("span", {}, String(index + 1));
          if (wrong[index + 1]) line.className = wrong[index + 1];
          return line;
        }),
      );
    }
    gutter.scrollTop = area.scrollTop;
  }

  function drawGutters() {
    document.querySelectorAll(".mail-code").forEach(drawGutter);
  }

  // execCommand keeps the browser's undo; where it is gone the text is set directly.
  function type(area, text) {
    area.focus();
    if (!document.execCommand("insertText", false, text)) {
      area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
      area.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  function indent(area, outwards) {
    const start = area.value.lastIndexOf("\n", area.selectionStart - 1) + 1;
    if (area.selectionStart === area.selectionEnd && !outwards) {
      type(area, "  ");
      return;
    }
    const end = area.selectionEnd;
    const block = area.value.slice(start, end);
    const moved = outwards ? block.replace(/^ {1,2}/gm, "") : block.replace(/^(?=.)/gm, "  ");
    if (moved === block) return;
    area.setSelectionRange(start, end);
    type(area, moved);
    area.setSelectionRange(start, start + moved.length);
  }

  function prepareCode(box) {
    const area = box.querySelector("textarea");
    let leaving = false; // after Esc, Tab leaves the field: the keyboard is never trapped
    area.addEventListener("scroll", () => drawGutter(box));
    area.addEventListener("input", () => drawGutter(box));
    area.addEventListener("keydown", (event) => {
      if (event.key === "Escape") leaving = true;
      else if (event.key === "Tab" && !leaving && !area.readOnly) {
        event.preventDefault();
        indent(area, event.shiftKey);
      } else if (event.key === "Enter" && !event.isComposing && !area.readOnly) {
        const line = area.value.slice(area.value.lastIndexOf("\n", area.selectionStart - 1) + 1, area.selectionStart);
        const spaces = line.match(/^[ \t]*/)[0];
        if (spaces && area.dataset.part !== "text") {
          event.preventDefault();
          type(area, `\n${spaces}`);
        }
      } else if (event.key !== "Shift" && event.key !== "Tab") leaving = false;
    });
    area.addEventListener("blur", () => (leaving = false));
  }

  function jump(problem) {
    const field = parts[problem.part];
    if (!field) return;
    if (problem.part === "text") choose("mail-source-tabs", "mail-tab-text");
    else if (SOURCES.includes(problem.part)) choose("mail-source-tabs", "mail-tab-source");
    field.focus();
    if (!field.setSelectionRange) return;
    const lines = field.value.split("\n");
    const before = lines.slice(0, problem.line - 1).reduce((sum, line) => sum + line.length + 1, 0);
    const at = Math.min(before + problem.column - 1, field.value.length);
    const line = lines[problem.line - 1] || "";
    field.setSelectionRange(at, Math.max(at, before + line.length));
    if (field.tagName === "TEXTAREA") {
      const height = parseFloat(getComputedStyle(field).lineHeight);
      field.scrollTop = Math.max(0, (problem.line - 4) * height);
      field.scrollIntoView({ block: "nearest" });
    }
  }

  // ---- tabs --------------------------------------------------------------------------------------------------

  function choose(list, id) {
    for (const tab of byId(list).querySelectorAll("[role=tab]")) {
      const chosen = tab.id === id;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      byId(tab.getAttribute("aria-controls")).hidden = !chosen;
    }
    drawGutters();
  }

  function prepareTabs(list) {
    const tabs = [...byId(list).querySelectorAll("[role=tab]")];
    tabs.forEach((tab, index) => {
      tab.addEventListener("click", () => choose(list, tab.id));
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const shown = tabs.filter((other) => !other.hidden);
        const next = shown[(shown.indexOf(tab) + step + shown.length) % shown.length];
        choose(list, next.id);
        next.focus();
      });
      tab.tabIndex = index ? -1 : 0;
    });
  }

  function drawFormat() {
    const format = parts.format.value;
    byId("mail-tab-source").textContent = format === "html" ? "HTML" : "MJML";
    byId("mail-tab-source").hidden = format === "text";
    document.querySelector("[data-code=mjml]").hidden = format !== "mjml";
    document.querySelector("[data-code=html]").hidden = format !== "html";
    byId("mail-auto").hidden = format === "text";
    choose("mail-source-tabs", format === "text" ? "mail-tab-text" : "mail-tab-source");
    drawText();
  }

  function drawText() {
    const automatic = parts.text_auto.checked && parts.format.value !== "text";
    parts.text.readOnly = automatic;
    parts.text.closest(".mail-code").classList.toggle("mail-readonly", automatic);
    if (automatic) parts.text.value = madeText;
    drawGutters();
  }

  // ---- preview and problems ------------------------------------------------------------------------------------

  let asked = 0;
  let seen = false; // whether the frame has shown this mail

  async function preview() {
    const number = ++asked;
    let shown;
    try {
      const response = await post(editor.dataset.preview, { body: body(), contact: person });
      if (!response.ok) return;
      shown = await response.json();
    } catch {
      return;
    }
    if (number !== asked) return; // a later one is on its way
    drawPreview(shown);
    drawProblems(shown.problems);
    if (shown.made_text || shown.merged) madeText = shown.made_text;
    drawText();
  }

  function drawPreview(shown) {
    byId("mail-shown-sender").textContent = shown.sender || "–";
    byId("mail-shown-subject").textContent = shown.subject || "–";
    byId("mail-shown-preheader").textContent = parts.format.value === "text" ? "" : parts.preheader.value;
    byId("mail-unmerged").hidden = shown.merged;
    byId("mail-unmerged").textContent = shown.html || !seen ? words.unmerged : words.last_good;
    const why = shown.merged ? words.no_html : words.unreadable;
    const empty = `<p style="font:14px sans-serif;color:#667;padding:24px">${why}</p>`;
    const frame = byId("mail-frame");
    // While the MJML can't be read, what could be shown last stays.
    const page = shown.html || (shown.merged || !seen ? empty : frame.srcdoc);
    seen ||= !!shown.html;
    if (frame.srcdoc !== page) frame.srcdoc = page;
    if (shown.text || shown.merged) byId("mail-shown-text").textContent = shown.text;
    const headers = byId("mail-shown-headers");
    headers.replaceChildren();
    if (!shown.headers.length) {
      headers.append(element("p", {}, words.no_headers));
      return;
    }
    const list = element("dl");
    for (const [name, value] of shown.headers) list.append(element("dt", {}, name), element("dd", {}, value));
    headers.append(list, element("p", {}, `${shown.size.toLocaleString()} ${words.bytes}`));
  }

  function drawProblems(problems) {
    const count = (severity) => problems.filter((problem) => problem.severity === severity).length;
    const errors = count("error");
    const warnings = count("warning");
    const heading = byId("mail-problem-count");
    const number = (text, count) => (count ? text.replace("{n}", count) : "");
    const said = [number(words.problems, errors), number(words.warnings, warnings)].filter(Boolean);
    heading.textContent = said.join(" ・ ") || words.no_problems;
    heading.className = errors ? "mail-error" : warnings ? "mail-warning" : "mail-fine";
    marked = {};
    byId("mail-problems").replaceChildren(
      ...problems.map((problem) => {
        if (SOURCES.includes(problem.part)) {
          const lines = (marked[problem.part] ||= {});
          if (lines[problem.line] !== "error") lines[problem.line] = problem.severity;
        }
        const where = SOURCES.includes(problem.part) ? `${problem.label} ${words.line.replace("{n}", problem.line)}` : problem.label;
        const button = element("button", { type: "button" }, element("b", {}, where), ` ${problem.what} `, element("small", {}, problem.fix));
        button.addEventListener("click", () => jump(problem));
        return element("li", { class: problem.severity }, button);
      }),
    );
    for (const [part, field] of Object.entries(parts)) {
      const wrong = problems.some((problem) => problem.part === part && problem.severity === "error");
      field.setAttribute("aria-invalid", String(wrong));
    }
    drawGutters();
  }

  // ---- preview as somebody -------------------------------------------------------------------------------------

  function preparePeople() {
    const input = byId("mail-person");
    const list = byId("mail-people");
    let options = [];
    let active = -1;

    const close = () => {
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
    };
    const take = (contact) => {
      person = contact ? contact.id : null;
      input.value = contact ? contact.name : "";
      byId("mail-nobody").hidden = !contact;
      close();
      preview();
    };
    const mark = (index) => {
      active = index;
      [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === index)));
      if (list.children[index]) list.children[index].scrollIntoView({ block: "nearest" });
    };
    const find = async () => {
      const response = await fetch(`${editor.dataset.contacts}?q=${encodeURIComponent(person ? "" : input.value)}`);
      if (!response.ok) return;
      options = (await response.json()).contacts;
      list.replaceChildren(
        ...options.map((contact) => {
          const item = element("li", { role: "option" }, element("b", {}, contact.name), element("small", {}, contact.detail));
          item.addEventListener("mousedown", (event) => {
            event.preventDefault();
            take(contact);
          });
          return item;
        }),
      );
      if (!options.length) list.append(element("li", { class: "mail-none" }, words.no_contacts));
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      active = -1;
    };
    const soon = later(200, find);
    input.addEventListener("focus", find);
    input.addEventListener("input", () => {
      person = null;
      soon();
    });
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") mark(Math.min(active + 1, options.length - 1));
      else if (event.key === "ArrowUp") mark(Math.max(active - 1, 0));
      else if (event.key === "Enter" && options[active]) take(options[active]);
      else if (event.key === "Escape") close();
      else return;
      event.preventDefault();
    });
    byId("mail-nobody").addEventListener("click", () => take(null));
  }

  // ---- merge-field menu ----------------------------------------------------------------------------------------

  function prepareMenu() {
    const menu = byId("mail-menu");
    const list = byId("mail-menu-list");
    const fallback = byId("mail-menu-fallback");
    const search = byId("mail-menu-search");
    let chosen = null;

    const notation = () => {
      if (!chosen) return "";
      const said = fallback.value.replace(/["{}\n]/g, "");
      const withFallback = said && ["contact", "custom"].includes(chosen.group);
      return withFallback ? `{{ ${chosen.name} | default: "${said}" }}` : `{{ ${chosen.name} }}`;
    };
    const draw = () => {
      byId("mail-menu-result").textContent = notation();
      byId("mail-menu-insert").disabled = !chosen;
      byId("mail-menu-fallback-field").hidden = !!chosen && !["contact", "custom"].includes(chosen.group);
    };
    const drawList = () => {
      const wanted = search.value.trim().toLowerCase();
      list.replaceChildren();
      for (const group of ["contact", "custom", "organisation", "link"]) {
        const fields = data.menu.filter(
          (field) => field.group === group && `${field.label} ${field.name}`.toLowerCase().includes(wanted),
        );
        if (!fields.length) continue;
        list.append(element("h3", {}, words[group]));
        for (const field of fields) {
          const selected = String(chosen === field);
          const option = element("button", { type: "button", role: "option", "aria-selected": selected }, field.label, element("code", {}, field.name));
          option.addEventListener("click", () => {
            chosen = field;
            list.querySelectorAll("[role=option]").forEach((other) => other.setAttribute("aria-selected", String(other === option)));
            if (["contact.family_name", "contact.given_name"].includes(field.name) && !fallback.value) fallback.value = "ご担当者";
            draw();
          });
          option.addEventListener("dblclick", insert);
          list.append(option);
        }
      }
    };
    const insert = () => {
      const text = notation();
      menu.close();
      if (text) type(lastField, text);
    };
    byId("mail-insert").addEventListener("click", () => {
      if (lastField.closest("[hidden]") || lastField.readOnly) lastField = visibleSource();
      chosen = null;
      search.value = "";
      fallback.value = "";
      drawList();
      draw();
      menu.showModal();
      search.focus();
    });
    search.addEventListener("input", drawList);
    fallback.addEventListener("input", draw);
    fallback.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing) {
        event.preventDefault();
        insert();
      }
    });
    byId("mail-menu-insert").addEventListener("click", insert);
    byId("mail-menu-cancel").addEventListener("click", () => menu.close());
  }

  function visibleSource() {
    if (parts.format.value === "text" || !byId("mail-pane-text").hidden) return parts.text;
    return parts[parts.format.value];
  }

  // ---- saving: drafts.js does it ---------------------------------------------------------------------------------

  const draft = drafts.begin(() => ({ name: byId("mail-name").value, draft: body() }));
  const soonPreview = later(300, preview);

  function changed() {
    byId("mail-subject-count").textContent = `${[...parts.subject.value].length}`;
    draft.changed();
    soonPreview();
  }

  // ---- begin ---------------------------------------------------------------------------------------------------

  document.querySelectorAll(".mail-code").forEach(prepareCode);
  ["mail-source-tabs", "mail-preview-tabs"].forEach(prepareTabs);
  preparePeople();
  prepareMenu();
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("focusin", (event) => {
    const part = event.target.dataset.part;
    if (["subject", "preheader", ...SOURCES].includes(part)) lastField = event.target;
  });
  form.addEventListener("input", (event) => {
    if (event.target === parts.format) drawFormat();
    if (event.target === parts.text_auto) {
      if (!parts.text_auto.checked && !parts.text.value.trim()) parts.text.value = madeText;
      drawText();
    }
    changed();
  });
  document.querySelectorAll(".mail-widths button").forEach((button) =>
    button.addEventListener("click", () => {
      document.querySelectorAll(".mail-widths button").forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
      byId("mail-shown-html").dataset.width = button.dataset.width;
    }),
  );
  const keep = byId("mail-keep");
  if (keep) {
    keep.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (await draft.save()) keep.submit();
    });
  }
  drawFormat();
  byId("mail-subject-count").textContent = `${[...parts.subject.value].length}`;
  draft.isSaved();
  preview();
})();
