/** Undo and redo: states of the flow, one before the other. Pure. */
import type { Flow } from "./types";

export interface History {
  past: Flow[];
  now: Flow;
  future: Flow[];
  last: { what: string; at: number };
}

const MOST = 200;
const TOGETHER = 1500; // milliseconds within which changes of the same setting are one

export const begun = (flow: Flow): History => ({ past: [], now: flow, future: [], last: { what: "", at: 0 } });

/** After a change. `what` names the setting that is being typed, so that a word is undone as a word. */
export function changed(history: History, flow: Flow, what: string, at: number): History {
  if (flow === history.now) return history;
  const together = what !== "" && what === history.last.what && at - history.last.at < TOGETHER;
  const past = together ? history.past : [...history.past, history.now].slice(-MOST);
  return { past, now: flow, future: [], last: { what, at } };
}

export function undone(history: History): History {
  const before = history.past.at(-1);
  if (!before) return history;
  return { past: history.past.slice(0, -1), now: before, future: [history.now, ...history.future], last: { what: "", at: 0 } };
}

export function redone(history: History): History {
  const [after, ...rest] = history.future;
  if (!after) return history;
  return { past: [...history.past, history.now], now: after, future: rest, last: { what: "", at: 0 } };
}
