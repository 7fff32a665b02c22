/** The draft of a flow, as the server keeps it, and what the page gives beside it. */

export type Kind =
  | "entry" | "mail" | "wait" | "decision" | "condition" | "split" | "tag" | "field"
  | "score" | "list" | "opt_out" | "notify" | "webhook" | "scenario";
export type Branch = "" | "yes" | "no" | "a" | "b";
export type Unit = "minutes" | "hours" | "days" | "business_days";
export type Span = Partial<Record<Unit, number>>;
export type Wait = Span & { at?: string; weekday?: number; time?: string };
export interface Hours {
  begins: number;
  ends: number;
  days: string;
  holidays: boolean;
}
export type Rule = { op: "and" | "or" | "not"; rules: Rule[] } | { field: string; test: string; value?: unknown };
export interface Winner {
  by: "opened" | "clicked";
  after: Span;
}

/** Settings of all kinds; an unfinished draft may lack any of them. */
export interface Settings {
  on?: string;
  segment?: string;
  at?: string | null;
  tag?: string;
  field?: string;
  mail?: string;
  form?: string;
  page?: string;
  document?: string;
  days?: number;
  time?: string;
  weekdays?: number[];
  wait?: Wait;
  window?: Hours | null;
  did?: string;
  of?: string;
  within?: Span;
  rule?: Rule;
  share?: number;
  winner?: Winner | null;
  add?: number | string[] | null;
  remove?: string[];
  value?: string;
  rank?: string | null;
  add_to?: string;
  remove_from?: string;
  to?: { owner?: boolean; users?: number[] };
  url?: string;
  start?: string;
  leave?: string;
}

export interface FlowNode extends Settings {
  id: string;
  kind: Kind;
  name: string;
  x: number;
  y: number;
  next: Partial<Record<Branch, string>>;
}

export interface Flow {
  type: "flow";
  nodes: FlowNode[];
  re_entry: "never" | "after_leaving";
  goal: Rule | null;
  exit: Rule | null;
  cap: { mails: number; days: number } | null;
  relay: number | null;
}

export interface Problem {
  node: string;
  field: string;
  severity: "error" | "warning";
  what: string;
  fix: string;
}

/** How many people are at a node now, went on from it, left the flow there, failed there. */
export interface Figures {
  here: number;
  passed: number;
  left: number;
  failed: number;
}

export interface Field {
  name: string;
  label: string;
  type: string;
  choices: string[];
}

/** What the rule editor asks for; the same as on a segment's page. */
export interface RuleData {
  fields: Field[];
  tests: Record<string, [string, string][]>;
  words: Record<string, string>;
}

export interface Page {
  id: string;
  name: string;
  draft: Flow;
  revision: number;
  editable: boolean;
  problems: Problem[];
  figures: Record<string, Figures> | null;
  names: Record<string, string>;
  settable: string[];
  rules: RuleData;
  relays: { id: number; name: string }[];
  urls: { save: string; copy: string; choices: string; count: string; events: string };
}
