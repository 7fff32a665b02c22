/** The settings of each kind of node. */
import { useDesk } from "../desk";
import { DECISIONS } from "../model/kinds";
import type { FlowNode, Hours, Kind, Settings, Unit, Wait } from "../model/types";
import { t, weekday } from "../words";
import { Entry } from "./Entry";
import { Field, HoursInput, MomentInput, NumberInput, Select, SpanInput, TimeInput, tomorrow } from "./inputs";
import { Picker, Several } from "./picking";
import { RuleInput } from "./RuleInput";

export interface SettingsProps {
  node: FlowNode;
  set: (change: Settings) => void;
}

export const SETTINGS: Record<Kind, (props: SettingsProps) => React.ReactNode> = {
  entry: Entry, mail: Mail, wait: WaitSettings, decision: Decision, condition: Condition, split: Split, tag: Tag,
  field: SetField, score: Score, list: StaticList, opt_out: () => null, notify: Notify, webhook: Webhook, scenario: Scenario,
};

function Mail({ node, set }: SettingsProps) {
  return (
    <Field label={t("送るメール", "Mail to send")} node={node.id} of={["mail"]}>
      {(id, wrong) => <Picker what="mails" id={id} invalid={wrong} value={node.mail} set={(mail) => set({ mail })} />}
    </Field>
  );
}

const HOURS: Hours = { begins: 9, ends: 18, days: "1111100", holidays: false };

function WaitSettings({ node, set }: SettingsProps) {
  const wait: Wait = node.wait ?? {};
  const way = wait.at !== undefined ? "at" : wait.weekday !== undefined ? "weekday" : "span";
  const begin: Record<string, Wait> = { span: { days: 1 }, at: { at: tomorrow() }, weekday: { weekday: 1, time: "10:00" } };
  return (
    <>
      <Field label={t("待ち方", "How long")} node={node.id} of={["wait"]}>
        {(id) => <Select id={id} value={way} set={(value) => set({ wait: begin[value] })} options={[
          ["span", t("期間だけ待つ", "A span of time")],
          ["weekday", t("次の曜日・時刻まで待つ", "Until a weekday and time")],
          ["at", t("ある日時まで待つ", "Until a moment")],
        ]} />}
      </Field>
      {way === "span" && (
        <Field label={t("期間", "Span")} help={wait.business_days !== undefined ? t("土日と日本の祝日は数えません。", "Weekends and Japanese holidays don't count.") : undefined}>
          {(id) => <SpanInput id={id} span={wait} set={(span) => set({ wait: span })} />}
        </Field>
      )}
      {way === "weekday" && (
        <Field label={t("曜日と時刻", "Weekday and time")}>
          {(id) => (
            <span className="flow-span">
              <Select id={id} value={String(wait.weekday)} options={[0, 1, 2, 3, 4, 5, 6].map((day) => [String(day), weekday(day)])} set={(day) => set({ wait: { ...wait, weekday: Number(day) } })} />
              <TimeInput label={t("時刻", "Time")} value={wait.time} set={(time) => set({ wait: { ...wait, time } })} />
            </span>
          )}
        </Field>
      )}
      {way === "at" && (
        <Field label={t("日時", "Moment")} help={t("過ぎていれば待たずに進みます。", "If it has passed nobody waits.")}>
          {(id) => <MomentInput id={id} value={wait.at} set={(at) => set({ wait: { at } })} />}
        </Field>
      )}
      <Field label={t("進む時間帯", "Hours to go on")} node={node.id} of={["window"]}>
        {(id) => (
          <>
            <label className="choice">
              <input id={id} type="checkbox" checked={Boolean(node.window)} onChange={(event) => set({ window: event.currentTarget.checked ? HOURS : undefined })} />
              {" "}{t("待ったあと、決まった時間帯にだけ進む", "After the wait, go on in certain hours only")}
            </label>
            {node.window && <HoursInput hours={node.window} set={(window) => set({ window })} />}
          </>
        )}
      </Field>
    </>
  );
}

function Decision({ node, set }: SettingsProps) {
  const kind = DECISIONS.find(([did]) => did === node.did) ?? DECISIONS[0];
  const objects = { mails: t("どのメール", "Which mail"), forms: t("どのフォーム", "Which form"), pages: t("どのページ", "Which page"), documents: t("どの資料", "Which document") };
  const choose = (did: string) => {
    const same = DECISIONS.find(([one]) => one === did)?.[2] === kind[2];
    set({ did, of: same ? node.of : "" });
  };
  return (
    <>
      <Field label={t("この人が…", "Whether they …")} node={node.id} of={["did"]}>
        {(id, wrong) => <Select id={id} invalid={wrong} value={node.did ?? ""} options={DECISIONS.map(([did, words]) => [did, words])} set={choose} />}
      </Field>
      <Field label={objects[kind[2]]} node={node.id} of={["of"]}>
        {(id, wrong) => <Picker what={kind[2]} id={id} invalid={wrong} value={node.of} set={(of) => set({ of })} />}
      </Field>
      <Field label={t("いつまでに", "Within")} node={node.id} of={["within"]} help={t("したらすぐに「はい」へ、期限が来たら「いいえ」へ進みます。", "Yes as soon as it happens; no when the time is up.")}>
        {(id, wrong) => <SpanInput id={id} invalid={wrong} span={node.within} set={(within) => set({ within })} />}
      </Field>
    </>
  );
}

function Condition({ node, set }: SettingsProps) {
  return (
    <Field label={t("条件", "Rule")} node={node.id} of={["rule"]} help={t("着いたときに当てはまれば「はい」へ、でなければ「いいえ」へ進みます。", "Whoever matches on arrival goes on at yes, everybody else at no.")}>
      {(id) => <RuleInput id={id} rule={node.rule} set={(rule) => set({ rule })} />}
    </Field>
  );
}

const LONG: Unit[] = ["hours", "days"];

function Split({ node, set }: SettingsProps) {
  const winner = node.winner ?? null;
  return (
    <>
      <Field label={t("A に進む割合（%）", "Percent that goes to A")} node={node.id} of={["share"]}>
        {(id, wrong) => <NumberInput id={id} invalid={wrong} value={node.share} min={1} max={99} set={(share) => set({ share })} />}
      </Field>
      <Field label={t("勝ったほうに寄せる", "Prefer the winner")} node={node.id} of={["winner"]}>
        {(id) => <Select id={id} value={winner?.by ?? "none"} options={[
          ["none", t("しない（ずっとこの割合）", "No: keep the share")],
          ["opened", t("開封の多いほうへ", "By opens")],
          ["clicked", t("クリックの多いほうへ", "By clicks")],
        ]} set={(by) => set({ winner: by === "opened" || by === "clicked" ? { by, after: winner?.after ?? { days: 2 } } : null })} />}
      </Field>
      {winner && (
        <Field label={t("決めるまでの期間", "Decide after")} help={t("それからの人は、全員が勝ったほうへ進みます。", "Everybody after that goes the winner's way.")}>
          {(id) => <SpanInput id={id} units={LONG} span={winner.after} set={(after) => set({ winner: { ...winner, after } })} />}
        </Field>
      )}
    </>
  );
}

function Tag({ node, set }: SettingsProps) {
  const add = Array.isArray(node.add) ? node.add : [];
  return (
    <>
      <Field label={t("つけるタグ", "Tags to put on")} node={node.id} of={["add"]}>
        {(id, wrong) => <Several what="tags" id={id} invalid={wrong} mayBeNew values={add} words={(name) => name} set={(chosen) => set({ add: chosen })} />}
      </Field>
      <Field label={t("外すタグ", "Tags to take off")} node={node.id} of={["remove"]}>
        {(id) => <Several what="tags" id={id} values={node.remove ?? []} words={(name) => name} set={(remove) => set({ remove })} />}
      </Field>
    </>
  );
}

function SetField({ node, set }: SettingsProps) {
  const { page } = useDesk();
  const fields = page.rules.fields.filter((one) => page.settable.includes(one.name));
  const field = fields.find((one) => one.name === node.field);
  return (
    <>
      <Field label={t("項目", "Field")} node={node.id} of={["field"]}>
        {(id, wrong) => <Select id={id} invalid={wrong} value={node.field ?? ""} options={fields.map((one) => [one.name, one.label])} set={(name) => set({ field: name, value: "" })} />}
      </Field>
      <Field label={t("新しい値", "New value")} node={node.id} of={["value"]} help={t("空にすると、値を消します。", "Left empty it takes the value away.")}>
        {(id) => field?.choices.length
          ? <Select id={id} value={node.value ?? ""} options={[["", t("（空にする）", "(empty it)")], ...field.choices.map((one): [string, string] => [one, one])]} set={(value) => set({ value })} />
          : <input id={id} maxLength={300} type={field?.type === "date" ? "date" : "text"} value={node.value ?? ""} onChange={(event) => set({ value: event.currentTarget.value })} />}
      </Field>
    </>
  );
}

function Score({ node, set }: SettingsProps) {
  return (
    <>
      <Field label={t("スコアに足す点数", "Points to add")} node={node.id} of={["add"]} help={t("引くときはマイナスにします。", "Negative takes them off.")}>
        {(id, wrong) => <NumberInput id={id} invalid={wrong} value={typeof node.add === "number" ? node.add : undefined} set={(add) => set({ add })} />}
      </Field>
      <Field label={t("新しいランク", "New rank")} node={node.id} of={["rank"]} help={t("空なら変えません。", "Left empty it stays.")}>
        {(id, wrong) => <input id={id} maxLength={20} aria-invalid={wrong} value={node.rank ?? ""} onChange={(event) => set({ rank: event.currentTarget.value || undefined })} />}
      </Field>
    </>
  );
}

function StaticList({ node, set }: SettingsProps) {
  const off = node.remove_from !== undefined;
  const put = (id: string, out: boolean): Settings => (out ? { add_to: undefined, remove_from: id } : { add_to: id, remove_from: undefined });
  const chosen = (off ? node.remove_from : node.add_to) ?? "";
  return (
    <>
      <Field label={t("すること", "What to do")}>
        {(id) => <Select id={id} value={off ? "off" : "on"} options={[["on", t("リストに入れる", "Put on the list")], ["off", t("リストから外す", "Take off the list")]]} set={(value) => set(put(chosen, value === "off"))} />}
      </Field>
      <Field label={t("静的リスト", "Static list")} node={node.id} of={["add_to", "remove_from"]}>
        {(id, wrong) => <Picker what="lists" id={id} invalid={wrong} value={chosen} set={(list) => set(put(list, off))} />}
      </Field>
    </>
  );
}

function Notify({ node, set }: SettingsProps) {
  const { names } = useDesk();
  const users = node.to?.users ?? [];
  const isOwner = node.to?.owner === true;
  return (
    <>
      <Field label={t("知らせる相手", "Whom to tell")} node={node.id} of={["to"]}>
        {(id) => <Select id={id} value={isOwner ? "owner" : "users"} options={[["owner", t("その人の担当者", "The contact's owner")], ["users", t("決まった人", "Certain people")]]} set={(value) => set({ to: value === "owner" ? { owner: true } : { users } })} />}
      </Field>
      {!isOwner && (
        <Field label={t("人", "People")}>
          {(id) => <Several what="users" id={id} values={users.map((one) => `user:${one}`)} words={names.of} set={(chosen) => set({ to: { users: chosen.map((one) => Number(one.slice(5))) } })} />}
        </Field>
      )}
      <Field label={t("お知らせの文面（メール）", "Words of the notification (mail)")} node={node.id} of={["mail"]} help={t("差し込み項目には、見込み顧客の値が入ります。", "Merge fields take the contact's values.")}>
        {(id, wrong) => <Picker what="mails" id={id} invalid={wrong} value={node.mail} set={(mail) => set({ mail })} />}
      </Field>
    </>
  );
}

function Webhook({ node, set }: SettingsProps) {
  return (
    <Field label="URL" node={node.id} of={["url"]} help={t("署名つきの POST を送ります。届かなければ、時間をおいて送り直します。", "A signed POST; tried again for a while if it does not arrive.")}>
      {(id, wrong) => <input id={id} type="url" maxLength={1000} aria-invalid={wrong} placeholder="https://" value={node.url ?? ""} onChange={(event) => set({ url: event.currentTarget.value })} />}
    </Field>
  );
}

function Scenario({ node, set }: SettingsProps) {
  const leaves = node.leave !== undefined;
  const put = (id: string, out: boolean): Settings => (out ? { start: undefined, leave: id } : { start: id, leave: undefined });
  const chosen = (leaves ? node.leave : node.start) ?? "";
  return (
    <>
      <Field label={t("すること", "What to do")}>
        {(id) => <Select id={id} value={leaves ? "leave" : "start"} options={[["start", t("始める", "Start it")], ["leave", t("抜ける", "Leave it")]]} set={(value) => set(put(chosen, value === "leave"))} />}
      </Field>
      <Field label={t("シナリオ", "Scenario")} node={node.id} of={["start", "leave"]}>
        {(id, wrong) => <Picker what="scenarios" id={id} invalid={wrong} value={chosen} set={(scenario) => set(put(scenario, leaves))} />}
      </Field>
    </>
  );
}
