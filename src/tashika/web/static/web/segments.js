// The segment editor: a tree of groups and rules, counted while one edits.
const data = JSON.parse(document.getElementById("segment-data").textContent);
const root = document.getElementById("segment-rules");
const urls = root.dataset;
const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
let revision = data.revision;
let dirty = false;
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

async function save() {
  const response = await post(urls.save, { rule: data.rule, name: document.getElementById("segment-name").value, revision });
  const answer = await response.json();
  document.getElementById("segment-error").textContent = answer.error || "";
  if (response.ok) {
    revision = answer.revision;
    dirty = false;
    document.getElementById("segment-state").textContent = data.words.saved;
    setTimeout(() => (document.getElementById("segment-state").textContent = ""), 2500);
  }
}

document.getElementById("segment-save").addEventListener("click", save);
document.getElementById("segment-name").addEventListener("input", () => (dirty = true));
window.addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "s") { event.preventDefault(); save(); }
});
if (!data.rule.rules.length) data.rule.rules.push({ field: "prefecture", test: "is", value: "" });
window.tashikaRules.edit(root, data, data.rule, () => {
  dirty = true;
  clearTimeout(timer);
  timer = setTimeout(count, 250);
});
count();
