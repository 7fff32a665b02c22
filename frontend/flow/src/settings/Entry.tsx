/** What lets people in. */
import { useDesk } from "../desk";
import { ENTRIES } from "../model/kinds";
import type { Settings } from "../model/types";
import { t } from "../words";
import { Field, MomentInput, NumberInput, Select, TimeInput, tomorrow, Weekdays } from "./inputs";
import type { SettingsProps } from "./kinds";
import { Picker } from "./picking";

/** The settings that an entry has beside `on`; choosing another kind of entry clears those of the one before. */
const NONE: Settings = {
  segment: undefined, at: undefined, tag: undefined, field: undefined, mail: undefined, form: undefined, page: undefined,
  document: undefined, days: undefined, time: undefined, weekdays: undefined,
};
const BEGINS: Record<string, Settings> = {
  tag_added: { tag: "" }, tag_removed: { tag: "" }, form_sent: { form: "" }, page_visited: { page: "" },
  document_downloaded: { document: "" }, mail_opened: { mail: "" }, mail_clicked: { mail: "" }, field_changed: { field: "" },
  segment_entered: { segment: "" }, segment_left: { segment: "" }, segment_at: { segment: "", at: null },
  every: { segment: "", weekdays: [0], time: "09:00" }, date: { field: "", days: -30, time: "09:00" }, api: {},
};
const CONTENTS: [keyof Settings & ("mail" | "form" | "page" | "document" | "segment"), string, string][] = [
  ["segment", "segments", t("セグメント", "Segment")],
  ["mail", "mails", t("メール", "Mail")],
  ["form", "forms", t("フォーム", "Form")],
  ["page", "pages", t("ランディングページ", "Landing page")],
  ["document", "documents", t("資料", "Document")],
];

export function Entry({ node, set }: SettingsProps) {
  const asks = Object.keys(BEGINS[node.on ?? ""] ?? {});
  return (
    <>
      <Field label={t("きっかけ", "What lets people in")} node={node.id} of={["on"]}>
        {(id, wrong) => <Select id={id} invalid={wrong} value={node.on ?? ""} options={ENTRIES} set={(on) => set({ ...NONE, on, ...BEGINS[on] })} />}
      </Field>
      {asks.includes("tag") && (
        <Field label={t("タグ", "Tag")} node={node.id} of={["tag"]}>
          {(id, wrong) => <Picker what="tags" id={id} invalid={wrong} value={node.tag} set={(tag) => set({ tag })} />}
        </Field>
      )}
      {CONTENTS.filter(([name]) => asks.includes(name)).map(([name, what, label]) => (
        <Field key={name} label={label} node={node.id} of={[name]}>
          {(id, wrong) => <Picker what={what} id={id} invalid={wrong} value={node[name]} set={(value) => set({ [name]: value })} />}
        </Field>
      ))}
      {asks.includes("field") && <WatchedField node={node} set={set} />}
      {node.on === "segment_at" && <When node={node} set={set} />}
      {node.on === "date" && <DaysAround node={node} set={set} />}
      {node.on === "every" && (
        <Field label={t("曜日", "Weekdays")} node={node.id} of={["weekdays"]}>
          {() => <Weekdays label={t("曜日", "Weekdays")} days={node.weekdays ?? []} set={(weekdays) => set({ weekdays })} />}
        </Field>
      )}
      {asks.includes("time") && (
        <Field label={t("時刻", "Time")} node={node.id} of={["time"]}>
          {(id, wrong) => <TimeInput id={id} invalid={wrong} value={node.time} set={(time) => set({ time })} />}
        </Field>
      )}
    </>
  );
}

function WatchedField({ node, set }: SettingsProps) {
  const { page } = useDesk();
  const fields = page.rules.fields.filter((one) => (node.on === "date" ? one.type === "date" : !["list", "activity", "tag"].includes(one.type)));
  const help = node.on === "date" && !fields.length ? t("日付のカスタム項目がまだありません。", "There is no custom field of the type date yet.") : undefined;
  return (
    <Field label={node.on === "date" ? t("日付の項目", "Date field") : t("項目", "Field")} node={node.id} of={["field"]} help={help}>
      {(id, wrong) => <Select id={id} invalid={wrong} value={node.field ?? ""} options={fields.map((one) => [one.name, one.label])} set={(field) => set({ field })} />}
    </Field>
  );
}

function When({ node, set }: SettingsProps) {
  return (
    <>
      <Field label={t("いつ", "When")}>
        {(id) => <Select id={id} value={node.at ? "at" : "now"} options={[["now", t("公開したらすぐに", "As soon as it is published")], ["at", t("日時を決める", "At a time")]]} set={(value) => set({ at: value === "at" ? tomorrow() : null })} />}
      </Field>
      {node.at && (
        <Field label={t("日時", "Moment")} node={node.id} of={["at"]}>
          {(id, wrong) => <MomentInput id={id} invalid={wrong} value={node.at} set={(at) => set({ at: at || null })} />}
        </Field>
      )}
    </>
  );
}

function DaysAround({ node, set }: SettingsProps) {
  const days = node.days ?? 0;
  return (
    <Field label={t("何日", "How many days")} node={node.id} of={["days"]}>
      {(id, wrong) => (
        <span className="flow-span">
          <NumberInput id={id} invalid={wrong} min={0} value={Math.abs(days)} set={(value) => set({ days: days > 0 ? value : -value || 0 })} />
          <Select label={t("前か後か", "Before or after")} value={days > 0 ? "after" : "before"} options={[["before", t("日前", "days before")], ["after", t("日後", "days after")]]} set={(value) => set({ days: value === "after" ? Math.abs(days) : -Math.abs(days) || 0 })} />
        </span>
      )}
    </Field>
  );
}
