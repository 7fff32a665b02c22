// The broadcast's form saves its draft by itself; going on to the review saves first, and asks where somebody else has.
"use strict";

(() => {
  const form = document.getElementById("broadcast");
  if (!form.dataset.zone) return; // a new one: there is nothing to save into yet
  const field = (name) => form.elements.namedItem(name);

  // The form's time is the organisation's, wherever the browser is: 2026-12-01T10:00 → 2026-12-01T10:00:00+09:00.
  function moment(local) {
    const parts = new Intl.DateTimeFormat("en", { timeZone: form.dataset.zone, timeZoneName: "longOffset" });
    const name = parts.formatToParts(new Date(`${local}Z`)).find((part) => part.type === "timeZoneName").value;
    return `${local}:00${name.replace("GMT", "") || "+00:00"}`;
  }

  const draft = drafts.begin(() => ({
    name: field("name").value,
    draft: {
      type: "broadcast",
      segment: field("segment").value,
      mail: field("mail").value,
      send_at: field("when").value === "later" && field("send_at").value ? moment(field("send_at").value) : null,
      relay: Number(field("relay")?.value || form.dataset.relay) || null,
    },
  }));
  form.addEventListener("input", draft.changed);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.submitter;
    if (!(await draft.save())) {
      if (button) setTimeout(() => (button.disabled = false), 0);
      return;
    }
    if (button?.name) form.insertAdjacentHTML("beforeend", `<input type="hidden" name="${button.name}" value="1">`);
    form.submit();
  });
})();
