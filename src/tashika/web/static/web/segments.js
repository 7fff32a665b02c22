// The segment editor: a tree of groups and rules, counted while one edits.
const data = JSON.parse(document.getElementById("segment-data").textContent);
const root = document.getElementById("segment-rules");
const urls = root.dataset;
const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
const draft = drafts.begin(() => ({ name: document.getElementById("segment-name").value, draft: { rule: data.rule } }));
let timer;

const { make } = window.tashikaRules;
const post = (url, body) => fetch(url, { method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": token }, body: JSON.stringify(body) });

async function count() {
  const response = await post(urls.count, { rule: data.rule });
  const found = await response.json();
  document.getElementById("segment-count").textContent = found.error ? "–" : found.count.toLocaleString();
  document.getElementById("segment-error").textContent = found.error || "";
  const sample = document.getElementById("segment-sample");
  sample.replaceChildren(...(found.sample || []).map((one) => make("li", {}, make("a", { href: `/contacts/${one.id}` }, one.name), ` ${one.company}`)));
}

document.getElementById("segment-name").addEventListener("input", draft.changed);
if (!data.rule.rules.length) data.rule.rules.push({ field: "prefecture", test: "is", value: "" });
window.tashikaRules.edit(root, data, data.rule, () => {
  draft.changed();
  clearTimeout(timer);
  timer = setTimeout(count, 250);
});
draft.isSaved();
count();
