/** Settings of the whole scenario: its name, who may come again, goal, exit, cap, relay. */
import { useDesk } from "../desk";
import type { Flow, Rule } from "../model/types";
import { t } from "../words";
import { Field, NumberInput, Select } from "./inputs";
import { RuleInput } from "./RuleInput";

const CAP = { mails: 3, days: 7 };

export function FlowSettings() {
  const { page, flow, change, editable, name, rename } = useDesk();
  const set = (made: Partial<Flow>) => change((one) => ({ ...one, ...made }), `flow:${Object.keys(made).join()}`);
  return (
    <fieldset disabled={!editable}>
      <Field label={t("名前（社内用）", "Name (for yourselves)")}>
        {(id) => <input id={id} maxLength={200} value={name} onChange={(event) => rename(event.currentTarget.value)} />}
      </Field>
      <Field label={t("同じ人がもう一度入れるか", "May the same person come again?")}>
        {(id) => <Select id={id} value={flow.re_entry} options={[["never", t("1人1回だけ", "Once only")], ["after_leaving", t("終わった人は、また入れる", "Again, after they left")]]} set={(value) => set({ re_entry: value as Flow["re_entry"] })} />}
      </Field>
      <OptionalRule name="goal" label={t("ゴール", "Goal")} help={t("達した人は、途中でも「達成」として終わります。", "Whoever matches ends there as “reached”.")} />
      <OptionalRule name="exit" label={t("抜ける条件", "Exit")} help={t("当てはまった人は、途中でもここで終わります。", "Whoever matches leaves at once.")} />
      <Field label={t("メールの上限", "Cap on mails")} of={["cap"]} help={t("すべてのシナリオを合わせて数えます。", "Counted over all scenarios.")}>
        {(id) => (
          <>
            <label className="choice"><input id={id} type="checkbox" checked={flow.cap !== null} onChange={(event) => set({ cap: event.currentTarget.checked ? CAP : null })} /> {t("1人に送る数を限る", "Limit mails to one person")}</label>
            {flow.cap && (
              <span className="flow-span">
                <NumberInput label={t("日数", "Days")} min={1} max={366} value={flow.cap.days} set={(days) => set({ cap: { ...(flow.cap ?? CAP), days } })} />
                <span>{t("日間に", "days, at most")}</span>
                <NumberInput label={t("通数", "Mails")} min={1} max={1000} value={flow.cap.mails} set={(mails) => set({ cap: { ...(flow.cap ?? CAP), mails } })} />
                <span>{t("通まで", "mails")}</span>
              </span>
            )}
          </>
        )}
      </Field>
      {page.relays.length > 1 && (
        <Field label={t("送信サーバー", "Relay")} of={["relay"]}>
          {(id) => <Select id={id} value={String(flow.relay ?? "")} options={[["", t("標準", "Default")], ...page.relays.map((one): [string, string] => [String(one.id), one.name])]} set={(value) => set({ relay: value ? Number(value) : null })} />}
        </Field>
      )}
    </fieldset>
  );
}

function OptionalRule({ name, label, help }: { name: "goal" | "exit"; label: string; help: string }) {
  const { flow, change } = useDesk();
  const set = (rule: Rule | null) => change((one) => ({ ...one, [name]: rule }), "");
  return (
    <Field label={label} of={[name]} help={help}>
      {(id) => (
        <>
          <RuleInput id={id} rule={flow[name]} set={set} />
          {flow[name] && <button type="button" className="button quiet small" onClick={() => set(null)}>{t("なくす", "None")}</button>}
        </>
      )}
    </Field>
  );
}
