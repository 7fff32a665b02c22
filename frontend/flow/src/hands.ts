/** What keys do on the canvas. */
import type { useReactFlow } from "@xyflow/react";
import type { KeyboardEvent } from "react";

import type { Desk } from "./desk";
import { beside, isWriting, stepOf } from "./keyboard";
import { join, move, remove } from "./model/editing";
import { PANEL } from "./model/layout";
import { nodeOf, openJoint } from "./model/walking";
import type { Act } from "./Toolbar";

/** The next problem after the chosen node. */
export function nextProblem({ problems, shown, goTo, show }: Desk): void {
  const nodes = [...new Set(problems.map((one) => one.node))];
  const at = shown.is === "node" ? nodes.indexOf(shown.id) : -1;
  const next = nodes[(at + 1) % Math.max(1, nodes.length)];
  if (next) goTo(next);
  else show({ is: "problems" });
}

const DRAWN = 40; // milliseconds until the panel is there
const FRAMES = 30; // until a new node is there at the latest

interface Hands {
  desk: Desk;
  act: (what: Act) => void;
  view: ReturnType<typeof useReactFlow>;
  root: HTMLElement | null;
}

/** What a key does; whether it did something. */
export function pressed(event: KeyboardEvent, hands: Hands): boolean {
  const { desk, act } = hands;
  const { key } = event;
  if (key === "Escape") return escaped(event, hands);
  if (isWriting(event.target) || event.nativeEvent.isComposing) return false;
  if (event.ctrlKey || event.metaKey) {
    const again = key === "y" || (event.shiftKey && key.toLowerCase() === "z");
    if (!again && key !== "z") return false;
    act(again ? "redo" : "undo");
    return true;
  }
  const id = desk.shown.is === "node" ? desk.shown.id : "";
  const step = stepOf(key);
  if (step && (event.target as Element).closest(".flow-toolbar, .flow-palette, .flow-panel")) return false;
  if (step) return walked(desk, id, key, step, event.altKey);
  if (key === "Home") return walked(desk, "", key, [0, 0], false);
  if (key === "Enter" && (event.target as Element).matches(".flow-face")) return opened(desk, event.target as HTMLElement, hands.root);
  return lettered(key, id, hands);
}

function escaped(event: KeyboardEvent, { desk, root }: Hands): boolean {
  if (!(event.target as Element).closest(".flow-panel")) return false;
  if (desk.shown.is === "node") desk.goTo(desk.shown.id);
  else {
    desk.show({ is: "nothing" });
    root?.focus();
  }
  return true;
}

function walked(desk: Desk, id: string, key: string, [x, y]: [number, number], moves: boolean): boolean {
  if (moves && id) {
    const node = nodeOf(desk.flow, id);
    if (node) desk.change((flow) => move(flow, new Map([[id, { x: node.x + x, y: node.y + y }]])), `move:${id}`);
    return true;
  }
  const next = beside(desk.flow, id, key);
  if (next) desk.goTo(next);
  return true;
}

function opened(desk: Desk, face: HTMLElement, root: HTMLElement | null): boolean {
  const isOpen = desk.shown.is === "node" && desk.shown.id === face.dataset.node;
  if (!isOpen && face.dataset.node) desk.show({ is: "node", id: face.dataset.node });
  const enter = () => root?.querySelector<HTMLElement>(".flow-panel :is(input, select, textarea, fieldset button)")?.focus();
  if (isOpen) enter();
  else setTimeout(enter, DRAWN);
  return true;
}

function lettered(key: string, id: string, { desk, act, view, root }: Hands): boolean {
  const joint = id ? openJoint(desk.flow, id) : null;
  const face = root?.querySelector(`.flow-face[data-node="${id}"]`)?.getBoundingClientRect();
  const acts: Record<string, () => void> = {
    a: () => joint && desk.editable && desk.ask({ joint, at: face && { x: face.left + face.width / 2, y: face.bottom + 12 } }),
    j: () => joint && setTimeout(() => root?.querySelector<HTMLElement>("[data-joins] select")?.focus(), 30),
    Delete: () => taken(desk),
    Backspace: () => taken(desk),
    l: () => desk.editable && act("arrange"),
    f: () => act("fit"),
    "+": () => void view.zoomIn(),
    "-": () => void view.zoomOut(),
    p: () => nextProblem(desk),
    "?": () => act("keys"),
  };
  const chosen = acts[key.length === 1 ? key.toLowerCase() : key];
  chosen?.();
  return chosen !== undefined;
}

/** Delete what is chosen; the keyboard goes to what led there. */
function taken(desk: Desk): void {
  const { shown, flow } = desk;
  if (shown.is === "joint") {
    desk.change((one) => join(one, shown.joint, null));
    desk.goTo(shown.joint.from);
  } else if (shown.is === "node" && nodeOf(flow, shown.id)?.kind !== "entry" && desk.editable) {
    const before = beside(flow, shown.id, "ArrowUp");
    desk.change((one) => remove(one, shown.id));
    if (before) desk.goTo(before);
    else desk.show({ is: "nothing" });
  }
}

/** Puts the keyboard on a node and calls `then`. A new one can take it once it has been drawn and measured; who has gone
 * elsewhere meanwhile is left there. */
export function focusOn(root: HTMLElement | null, id: string, then: () => void): void {
  const from = document.activeElement;
  const attempt = (left: number): void => {
    const face = root?.querySelector<HTMLElement>(`.flow-face[data-node="${id}"], button[data-node="${id}"]`);
    const isElsewhere = document.activeElement !== from && document.activeElement !== document.body;
    if (!isElsewhere) face?.focus({ preventScroll: face.matches(".flow-face") });
    if (!left || isElsewhere || (face && document.activeElement === face)) then();
    else requestAnimationFrame(() => attempt(left - 1));
  };
  attempt(FRAMES);
}

/** Moves the view as little as it takes to show a node beside the settings. */
export function keepInView(view: ReturnType<typeof useReactFlow>, root: HTMLElement | null, id: string): void {
  const room = root?.querySelector(".flow-canvas")?.getBoundingClientRect();
  const card = root?.querySelector(`.react-flow__node[data-id="${id}"]`)?.getBoundingClientRect();
  if (!room || !card) return;
  const over = (low: number, high: number, from: number, until: number) => (low < from ? from - low : high > until ? until - high : 0);
  const x = over(card.left, card.right, room.left + 24, room.right - PANEL - 24);
  const y = over(card.top, card.bottom, room.top + 24, room.bottom - 48);
  if (!x && !y) return;
  const now = view.getViewport();
  void view.setViewport({ ...now, x: now.x + x, y: now.y + y }, { duration: 150 });
}
