/** The canvas without a mouse: arrows walk, letters act. */
import type { Flow, FlowNode } from "./model/types";
import { branchesOf, leadingTo, nodeOf } from "./model/walking";
import { t } from "./words";

export const KEYS: [string, string][] = [
  ["↑ ↓ ← →", t("となりの要素へ", "To the node beside")],
  ["Home", t("開始へ", "To the entry")],
  ["Enter", t("設定を開く（Esc で図に戻る）", "Open its settings (Esc: back)")],
  ["A", t("次に追加", "Add what comes next")],
  ["J", t("つなぐ（次の要素を選ぶ）", "Join: choose what comes next")],
  ["Delete", t("削除", "Delete")],
  ["Alt + ↑ ↓ ← →", t("動かす", "Move")],
  ["Ctrl + Z / Ctrl + Y", t("元に戻す / やり直す", "Undo / redo")],
  ["L", t("整列", "Lay out")],
  ["F", t("全体を表示", "Show everything")],
  ["+ / −", t("拡大 / 縮小", "Zoom in / out")],
  ["P", t("次の問題へ", "To the next problem")],
  ["?", t("この一覧", "This list")],
];

const ASIDE = 60; // how far above or below still counts as beside

/** The node that an arrow leads to; along the flow for up and down. */
export function beside(flow: Flow, id: string, key: string): string | undefined {
  const node = nodeOf(flow, id);
  if (!node) return flow.nodes.find((one) => one.kind === "entry")?.id;
  if (key === "ArrowDown") return branchesOf(node).map((branch) => node.next[branch]).find(Boolean) ?? nearest(flow, node, (one) => one.y > node.y);
  if (key === "ArrowUp") return leadingTo(flow, id)[0]?.from ?? nearest(flow, node, (one) => one.y < node.y);
  const left = key === "ArrowLeft";
  const isThere = (one: FlowNode) => (left ? one.x < node.x : one.x > node.x);
  return nearest(flow, node, (one) => isThere(one) && Math.abs(one.y - node.y) < ASIDE) ?? nearest(flow, node, isThere);
}

function nearest(flow: Flow, to: FlowNode, fits: (node: FlowNode) => boolean): string | undefined {
  const far = (node: FlowNode) => Math.hypot(node.x - to.x, 2 * (node.y - to.y));
  return flow.nodes.filter(fits).sort((one, other) => far(one) - far(other))[0]?.id;
}

const STEPS: Record<string, [number, number]> = { ArrowUp: [0, -20], ArrowDown: [0, 20], ArrowLeft: [-20, 0], ArrowRight: [20, 0] };

/** How far Alt and an arrow move a node. */
export const stepOf = (key: string): [number, number] | undefined => STEPS[key];

/** Whether the keyboard is writing: letters are letters then. */
export const isWriting = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest("input, select, textarea, dialog, .flow-menu") !== null;
