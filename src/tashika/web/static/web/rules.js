// The editor of rules: a tree of groups and rules, for segments and for a scenario's conditions.
"use strict";

(() => {
const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
};

window.tashikaRules = {
  make,
  // Draws the editor of a rule into an element and changes the rule in place; `touched` hears of every change.
  // `data` has the fields, tests, tags, lists, mails and words (web/views/_rules.py).
  edit(root, data, top, touched) {
    const options = (pairs, chosen) => pairs.map(([value, words]) => make("option", { value: String(value), selected: String(value) === String(chosen ?? "") }, words));
    const field = (name) => data.fields.find((one) => one.name === name) || data.fields[0];

    function changed(redraw = true) {
      if (redraw) draw();
      touched();
    }

    function group(node, parent) {
      const box = make("div", { class: "group", role: "group" });
      const head = make("div", { class: "rule" });
      head.append(make("select", { "aria-label": "group", onchange: (e) => { node.op = e.target.value; changed(false); } },
        ...options([["and", data.words.and], ["or", data.words.or], ["not", data.words.not]], node.op)));
      if (parent) head.append(make("button", { type: "button", class: "button quiet", onclick: () => { parent.rules.splice(parent.rules.indexOf(node), 1); changed(); } }, data.words.remove));
      box.append(head);
      for (const child of node.rules) box.append("op" in child ? group(child, node) : rule(child, node));
      box.append(make("div", { class: "toolbar" },
        make("button", { type: "button", class: "button", onclick: () => { node.rules.push({ field: "company_name", test: "contains", value: "" }); changed(); } }, data.words.addRule),
        make("button", { type: "button", class: "button quiet", onclick: () => { node.rules.push({ op: "or", rules: [{ field: "company_name", test: "contains", value: "" }] }); changed(); } }, data.words.addGroup)));
      return box;
    }

    function rule(node, parent) {
      const known = field(node.field);
      const tests = data.tests[known.type];
      if (!tests.some(([test]) => test === node.test)) node.test = tests[0][0];
      const line = make("div", { class: "rule" });
      line.append(
        make("select", { "aria-label": "field", onchange: (e) => { node.field = e.target.value; node.test = data.tests[field(node.field).type][0][0]; node.value = ""; changed(); } },
          ...options(data.fields.map((one) => [one.name, one.label]), node.field)));
      const test = make("select", { "aria-label": "test", onchange: (e) => { node.test = e.target.value; changed(); } }, ...options(tests, node.test));
      const value = valueOf(node, known);
      // In Japanese the value reads after the test: 会社名 に次を含む …; an activity reads before it.
      if (["tag", "list", "activity", "scenario"].includes(known.type)) line.append(...value, test);
      else line.append(test, ...value);
      line.append(make("button", { type: "button", class: "button quiet", onclick: () => { parent.rules.splice(parent.rules.indexOf(node), 1); changed(); } }, data.words.remove));
      return line;
    }

    function valueOf(node, known) {
      if (["is_empty", "is_not_empty", "is_yes", "is_no"].includes(node.test)) { delete node.value; return []; }
      const set = (e) => { node.value = e.target.value; changed(false); };
      if (known.type === "tag") return [make("select", { "aria-label": "tag", onchange: set }, ...options([["", data.words.choose], ...data.tags.map((tag) => [tag, tag])], node.value))];
      if (known.type === "list") return [make("select", { "aria-label": "list", onchange: set }, ...options([["", data.words.choose], ...data.lists], node.value))];
      if (known.type === "activity") return activity(node);
      if (known.type === "scenario") return scenario(node);
      const choices = known.choices.length ? known.choices : null;
      if (choices && node.test !== "in") return [make("select", { "aria-label": "value", onchange: set }, ...options([["", data.words.choose], ...choices.map((one) => [one, one])], node.value))];
      const type = ["within_days", "within_next_days"].includes(node.test) || known.type === "number" ? "number" : known.type === "date" || known.type === "moment" ? "date" : "text";
      const several = node.test === "in";
      const shown = Array.isArray(node.value) ? node.value.join(", ") : node.value ?? "";
      return [make("input", { type: several ? "text" : type, "aria-label": "value", value: String(shown),
        oninput: (e) => { node.value = several ? e.target.value.split(/[,、]/).map((one) => one.trim()).filter(Boolean) : e.target.value; changed(false); } })];
    }

    const select = (label, pairs, chosen, onchange) => make("select", { "aria-label": label, onchange }, ...options(pairs, chosen));

    // What somebody did: with which mail, form, page or document, and within how many days.
    function activity(node) {
      if (typeof node.value !== "object" || !node.value) node.value = { kind: "opened", mail: "", days: 30 };
      const part = (name, redraw = false) => (e) => { node.value[name] = e.target.value; changed(redraw); };
      const [, , about] = data.acts.find(([kind]) => kind === node.value.kind) || data.acts[0];
      if (about !== "M") delete node.value.mail;
      if (!data.contents[about]) delete node.value.content;
      const subject = about === "M" ? select("mail", [["", data.words.any], ...data.mails], node.value.mail, part("mail"))
        : select("content", [["", data.words.anyContent], ...(data.contents[about] || [])], node.value.content, part("content"));
      return [
        select("activity", data.acts, node.value.kind, (e) => { delete node.value.content; part("kind", true)(e); }),
        ...(about ? [subject] : []),
        make("input", { type: "number", min: "1", size: "4", "aria-label": data.words.days, value: String(node.value.days ?? ""), oninput: part("days") }), data.words.days];
    }

    // Who walks in a scenario: anywhere in it, or at one of its nodes.
    function scenario(node) {
      if (typeof node.value !== "object" || !node.value) node.value = { scenario: data.scenarios[0]?.[0] ?? "", node: "" };
      const [, , nodes] = data.scenarios.find(([id]) => id === node.value.scenario) || ["", "", []];
      return [
        select("scenario", data.scenarios, node.value.scenario, (e) => { node.value = { scenario: e.target.value, node: "" }; changed(); }),
        select("node", [["", data.words.anyNode], ...nodes], node.value.node, (e) => { node.value.node = e.target.value; changed(false); })];
    }

    function draw() { root.replaceChildren(group(top, null)); }

    draw();
  },
};
})();
