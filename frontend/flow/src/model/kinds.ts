/** Every kind of node: its words, its group, its branches, and how a new one begins. */
import { t } from "../words";
import type { Branch, Flow, Kind, Settings } from "./types";
import { mailBefore } from "./walking";

export type Group = "entry" | "action" | "decision" | "condition" | "course";

interface About {
  group: Group;
  words: string;
  hint: string;
  begins: (flow: Flow, after: string | null) => Settings;
}

export const GROUPS: [Group, string][] = [
  ["action", t("アクション", "Actions")],
  ["decision", t("決定", "Decisions")],
  ["condition", t("条件", "Conditions")],
  ["course", t("待つ・分ける", "Wait, split")],
];

export const KINDS: Record<Kind, About> = {
  entry: {
    group: "entry", words: t("開始", "Entry"), hint: "",
    begins: () => ({ on: "tag_added", tag: "" }),
  },
  mail: {
    group: "action", words: t("メール", "Mail"), hint: t("メールを送る", "send a mail"),
    begins: () => ({ mail: "" }),
  },
  notify: {
    group: "action", words: t("お知らせメール", "Staff notification"), hint: t("担当者などの社内に知らせる", "tell our own people"),
    begins: () => ({ mail: "", to: { owner: true } }),
  },
  tag: {
    group: "action", words: t("タグづけ", "Tagging"), hint: t("タグをつける・外す", "put tags on, take them off"),
    begins: () => ({ add: [], remove: [] }),
  },
  score: {
    group: "action", words: t("スコア・ランク", "Score, rank"), hint: t("点数を足す・引く、ランクを変える", "add points, change the rank"),
    begins: () => ({ add: 10 }),
  },
  field: {
    group: "action", words: t("項目を変える", "Set a field"), hint: t("項目に値を入れる", "give a field a value"),
    begins: () => ({ field: "", value: "" }),
  },
  list: {
    group: "action", words: t("静的リスト", "Static list"), hint: t("リストに入れる・外す", "put on a list, take off"),
    begins: () => ({ add_to: "" }),
  },
  scenario: {
    group: "action", words: t("ほかのシナリオ", "Another scenario"), hint: t("始める・抜ける", "start it, leave it"),
    begins: () => ({ start: "" }),
  },
  webhook: {
    group: "action", words: "Webhook", hint: t("ほかのシステムに知らせる", "tell another system"),
    begins: () => ({ url: "" }),
  },
  opt_out: {
    group: "action", words: t("配信停止にする", "Opt out"), hint: t("以後の広告宣伝メールを送らない", "no more commercial mail"),
    begins: () => ({}),
  },
  decision: {
    group: "decision", words: t("決定", "Decision"), hint: t("開いた・クリックした、などで分かれる", "opened, clicked, sent a form …"),
    begins: (flow, after) => ({ did: "opened", of: mailBefore(flow, after), within: { days: 3 } }),
  },
  condition: {
    group: "condition", words: t("条件", "Condition"), hint: t("項目・タグ・行動などで分かれる", "fields, tags, activity …"),
    begins: () => ({ rule: { op: "and", rules: [] } }),
  },
  wait: {
    group: "course", words: t("待つ", "Wait"), hint: t("期間・日時・曜日まで待つ", "a span, a moment, a weekday"),
    begins: () => ({ wait: { days: 1 } }),
  },
  split: {
    group: "course", words: t("A/Bに分ける", "Split"), hint: t("割合で分けて比べる", "by share, to compare"),
    begins: () => ({ share: 50, winner: null }),
  },
};

export const ENTRIES: [string, string][] = [
  ["tag_added", t("タグがついた", "A tag was put on")],
  ["tag_removed", t("タグが外れた", "A tag was taken off")],
  ["form_sent", t("フォームを送信した", "A form was sent")],
  ["document_downloaded", t("資料をダウンロードした", "A document was downloaded")],
  ["page_visited", t("ページを見た", "A page was visited")],
  ["mail_opened", t("メールを開いた", "A mail was opened")],
  ["mail_clicked", t("メールのリンクをクリックした", "A link in a mail was clicked")],
  ["field_changed", t("項目が変わった", "A field changed")],
  ["segment_entered", t("セグメントに入った", "Came into a segment")],
  ["segment_left", t("セグメントから外れた", "Went out of a segment")],
  ["segment_at", t("セグメントの全員を、ある日時に", "All of a segment, at a time")],
  ["every", t("セグメントの全員を、曜日ごとに", "All of a segment, on weekdays")],
  ["date", t("日付の項目の前後", "Before or after a date field")],
  ["api", t("API から", "By the API")],
];

export const DECISIONS: [string, string, "mails" | "forms" | "pages" | "documents"][] = [
  ["opened", t("メールを開く", "opens a mail"), "mails"],
  ["clicked", t("メールのリンクをクリックする", "clicks a link in a mail"), "mails"],
  ["form_sent", t("フォームを送信する", "sends a form"), "forms"],
  ["page_visited", t("ページを見る", "visits a page"), "pages"],
  ["document_downloaded", t("資料をダウンロードする", "downloads a document"), "documents"],
];

const BRANCHES: Record<Branch, string> = { "": "", yes: t("はい", "Yes"), no: t("いいえ", "No"), a: "A", b: "B" };

/** What a branch is called; nothing for the only one of a node. */
export const branchWords = (branch: Branch): string => BRANCHES[branch];
