/** What a node does, said in a sentence: 3営業日待つ（祝日を除く）. */
import { language, moment, t, weekday, weekdays } from "../words";
import { DECISIONS } from "./kinds";
import type { FlowNode, Hours, Page, Rule, RuleData, Settings, Span, Wait } from "./types";

/** What IDs and names stand for: M-31 → M-31 秋のご案内. */
export interface Names {
  of: (id: string) => string;
  field: (name: string) => string;
  rules: RuleData;
}

export const namesOf = (page: Page, known: Record<string, string>): Names => ({
  of: (id) => (known[id] ? (/^[A-Z]-\d+$/.test(id) ? `${id} ${known[id]}` : known[id]) : id),
  field: (name) => page.rules.fields.find((field) => field.name === name)?.label ?? name,
  rules: page.rules,
});

const quoted = (words: string): string => t("「{words}」", "“{words}”", { words });
const several = (words: string[]): string => words.map(quoted).join(language === "ja" ? "" : ", ");
const named = (names: Names, id: string | undefined): string => (id ? quoted(names.of(id)) : BLANK);

/** Stands where something has not been chosen yet. */
const BLANK = "〈…〉";

export function sentence(node: FlowNode, names: Names): string {
  try {
    return SENTENCES[node.kind](node, names);
  } catch {
    return t("設定を読めません", "The settings can't be read"); // a draft from outside may hold anything
  }
}

const SENTENCES: Record<FlowNode["kind"], (node: FlowNode, names: Names) => string> = {
  entry,
  mail: (node, names) => t("{mail}を送る", "Send {mail}", { mail: named(names, node.mail) }),
  wait: (node) => waitWords(node.wait ?? {}) + (node.window ? hoursWords(node.window) : ""),
  decision,
  condition: (node, names) => t("{rule} か", "{rule}?", { rule: ruleWords(node.rule, names) }),
  split,
  tag,
  field: (node, names) =>
    node.value === ""
      ? t("{field}を空にする", "Empty {field}", { field: node.field ? quoted(names.field(node.field)) : BLANK })
      : t("{field}を「{value}」にする", "Set {field} to “{value}”", {
          field: node.field ? quoted(names.field(node.field)) : BLANK,
          value: String(node.value ?? ""),
        }),
  score,
  list: (node, names) =>
    node.remove_from !== undefined
      ? t("{list}から外す", "Take off {list}", { list: named(names, node.remove_from) })
      : t("{list}に入れる", "Put on {list}", { list: named(names, node.add_to) }),
  opt_out: () => t("配信停止にして、以後の広告宣伝メールを送らない", "Opt the person out: no more commercial mail"),
  notify: (node, names) =>
    t("{who}に{mail}で知らせる", "Tell {who} by {mail}", {
      who: node.to?.owner ? t("担当者", "the owner") : people(node.to?.users ?? [], names),
      mail: named(names, node.mail),
    }),
  webhook: (node) => t("{url} に知らせる", "Tell {url}", { url: hostOf(node.url ?? "") }),
  scenario: (node, names) =>
    node.leave !== undefined
      ? t("{scenario}から外す", "Take out of {scenario}", { scenario: named(names, node.leave) })
      : t("{scenario}を始める", "Start {scenario}", { scenario: named(names, node.start) }),
};

function entry(node: FlowNode, names: Names): string {
  const segment = named(names, node.segment);
  const mail = named(names, node.mail);
  const of = (words: string, id: string | undefined) => words.replace("{}", named(names, id));
  switch (node.on) {
    case "tag_added": return of(t("タグ{}がついた人", "Whoever gets the tag {}"), node.tag);
    case "tag_removed": return of(t("タグ{}が外れた人", "Whoever loses the tag {}"), node.tag);
    case "form_sent": return of(t("フォーム{}を送信した人", "Whoever sends the form {}"), node.form);
    case "page_visited": return of(t("ページ{}を見た人", "Whoever visits the page {}"), node.page);
    case "document_downloaded": return of(t("資料{}をダウンロードした人", "Whoever downloads {}"), node.document);
    case "mail_opened": return t("{mail}を開いた人", "Whoever opens {mail}", { mail });
    case "mail_clicked": return t("{mail}のリンクをクリックした人", "Whoever clicks a link in {mail}", { mail });
    case "field_changed":
      return t("{field}が変わった人", "Whoever's {field} changes", { field: node.field ? quoted(names.field(node.field)) : BLANK });
    case "segment_entered": return t("{segment}に入った人", "Whoever comes into {segment}", { segment });
    case "segment_left": return t("{segment}から外れた人", "Whoever goes out of {segment}", { segment });
    case "segment_at":
      return node.at
        ? t("{at} に、{segment}の全員", "At {at}, all of {segment}", { at: moment(node.at), segment })
        : t("公開したら、{segment}の全員", "When published, all of {segment}", { segment });
    case "every":
      return t("{days} {time} に、{segment}の全員", "{days} at {time}, all of {segment}", {
        days: node.weekdays?.length ? weekdays(node.weekdays) : BLANK, time: node.time || BLANK, segment,
      });
    case "date": return dateWords(node, names);
    case "api": return t("API から渡された人", "Whoever the API hands in");
    default: return t("きっかけを選んでください", "Choose what lets people in");
  }
}

function dateWords(node: Settings, names: Names): string {
  const days = node.days ?? 0;
  const words = days === 0
    ? t("{field}の当日 {time}", "On the day of {field}, {time}")
    : days < 0 ? t("{field}の{n}日前 {time}", "{n} days before {field}, {time}") : t("{field}の{n}日後 {time}", "{n} days after {field}, {time}");
  return words
    .replace("{field}", node.field ? quoted(names.field(node.field)) : BLANK)
    .replace("{n}", String(Math.abs(days)))
    .replace("{time}", node.time || BLANK);
}

function decision(node: FlowNode, names: Names): string {
  const kind = DECISIONS.find(([did]) => did === node.did);
  const values = { within: spanWords(node.within ?? {}), of: named(names, node.of), did: kind?.[1] ?? BLANK };
  switch (node.did) {
    case "opened": return t("{within}以内に{of}を開いたか", "Opens {of} within {within}?", values);
    case "clicked": return t("{within}以内に{of}のリンクをクリックしたか", "Clicks a link in {of} within {within}?", values);
    case "form_sent": return t("{within}以内に{of}を送信したか", "Sends {of} within {within}?", values);
    case "page_visited": return t("{within}以内に{of}を見たか", "Visits {of} within {within}?", values);
    default: return t("{within}以内に{of}をダウンロードしたか", "Downloads {of} within {within}?", values);
  }
}

function split(node: FlowNode): string {
  const share = Number(node.share ?? 50);
  const words = t("{a}% を A、{b}% を B へ", "{a}% to A, {b}% to B", { a: share, b: 100 - share });
  if (!node.winner) return words;
  const by = node.winner.by === "clicked" ? t("クリック", "clicks") : t("開封", "opens");
  return words + t("。{span}後から{by}の多いほうへ", "; after {span} all to the one with more {by}", { span: spanWords(node.winner.after), by });
}

function tag(node: FlowNode): string {
  const add = Array.isArray(node.add) ? node.add : [];
  const remove = node.remove ?? [];
  const parts = [
    add.length ? t("{tags}をつける", "Put on {tags}", { tags: several(add) }) : "",
    remove.length ? t("{tags}を外す", "Take off {tags}", { tags: several(remove) }) : "",
  ].filter(Boolean);
  return parts.join(t("、", "; ")) || t("{tags}をつける", "Put on {tags}", { tags: BLANK });
}

function score(node: FlowNode): string {
  const add = typeof node.add === "number" ? node.add : 0;
  const parts = [
    add > 0 ? t("スコアに{n}点を足す", "Add {n} points", { n: add }) : "",
    add < 0 ? t("スコアから{n}点を引く", "Take {n} points off", { n: -add }) : "",
    node.rank ? t("ランクを{rank}にする", "Rank becomes {rank}", { rank: node.rank }) : "",
  ].filter(Boolean);
  return parts.join(t("、", "; ")) || BLANK;
}

function people(users: number[], names: Names): string {
  return users.length ? users.map((id) => names.of(`user:${id}`)).join(t("・", ", ")) : BLANK;
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url || BLANK;
}

export function spanWords(span: Span): string {
  const [unit, n] = Object.entries(span)[0] ?? ["days", BLANK];
  const one = n === 1;
  switch (unit) {
    case "minutes": return t("{n}分", one ? "{n} minute" : "{n} minutes", { n });
    case "hours": return t("{n}時間", one ? "{n} hour" : "{n} hours", { n });
    case "business_days": return t("{n}営業日", one ? "{n} business day" : "{n} business days", { n });
    default: return t("{n}日", one ? "{n} day" : "{n} days", { n });
  }
}

function waitWords(wait: Wait): string {
  if (wait.at !== undefined) return t("{at} まで待つ", "Wait until {at}", { at: wait.at ? moment(wait.at) : BLANK });
  if (wait.weekday !== undefined)
    return t("次の{day} {time} まで待つ", "Wait until {day}, {time}", { day: weekday(wait.weekday), time: wait.time || BLANK });
  const words = t("{span}待つ", "Wait {span}", { span: spanWords(wait) });
  return wait.business_days !== undefined ? words + t("（土日祝日を除く）", " (no weekends, no holidays)") : words;
}

function hoursWords(hours: Hours): string {
  const days = [...hours.days].flatMap((mark, day) => (mark === "1" ? [day] : []));
  return t("。そのあと{days}の{from}時〜{until}時に進む", ", then go on {days} {from}:00–{until}:00", {
    days: weekdays(days), from: hours.begins, until: hours.ends,
  });
}

/** A rule in short: its first two parts, and how many more there are. */
export function ruleWords(rule: Rule | null | undefined, names: Names): string {
  const leaves = rule ? leavesOf(rule) : [];
  if (!leaves.length) return BLANK;
  const joined = leaves.slice(0, 2).map((leaf) => leafWords(leaf, names)).join(rule && "op" in rule && rule.op === "or" ? t(" または ", " or ") : t("、", ", "));
  const not = rule && "op" in rule && rule.op === "not" ? t("次でない: ", "not: ") : "";
  return not + joined + (leaves.length > 2 ? t(" ほか{n}件", " and {n} more", { n: leaves.length - 2 }) : "");
}

type Leaf = Exclude<Rule, { op: string }>;

const leavesOf = (rule: Rule): Leaf[] => ("op" in rule ? (rule.rules ?? []).flatMap(leavesOf) : [rule]);

function leafWords(leaf: Leaf, names: Names): string {
  const field = names.rules.fields.find((one) => one.name === leaf.field);
  const test = names.rules.tests[field?.type ?? ""]?.find(([key]) => key === leaf.test)?.[1] ?? leaf.test;
  const value = valueWords(leaf.value, names);
  const label = field?.label ?? leaf.field;
  if (field && ["tag", "list", "activity"].includes(field.type)) return t("{label}{value}{test}", "{label} {value} {test}", { label, value, test });
  return t("{label}{test}{value}", "{label} {test} {value}", { label, test, value });
}

function valueWords(value: unknown, names: Names): string {
  if (value === undefined || value === null || value === "") return "";
  if (Array.isArray(value)) return several(value.map(String));
  if (typeof value === "object") return activityWords(value as Record<string, unknown>, names);
  return quoted(names.of(String(value)));
}

function activityWords(value: Record<string, unknown>, names: Names): string {
  const kind = names.rules.words[String(value.kind)] ?? String(value.kind ?? "");
  const mail = value.mail ? names.of(`M-${String(value.mail).replace(/^M-/i, "")}`) : "";
  const days = value.days ? t("{n}日以内", "within {n} days", { n: String(value.days) }) : "";
  return quoted([days, mail, kind].filter(Boolean).join(" "));
}
