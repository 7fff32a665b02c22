/** Finding one's way in a flow. Pure. */
import type { Branch, Flow, FlowNode, Kind } from "./types";

export interface Joint {
  from: string;
  branch: Branch;
}

export const nodeOf = (flow: Flow, id: string | null | undefined): FlowNode | undefined =>
  flow.nodes.find((node) => node.id === id);

/** The branches of a node or of a kind, the main one first. */
export function branchesOf({ kind }: { kind: Kind }): Branch[] {
  if (kind === "decision" || kind === "condition") return ["yes", "no"];
  return kind === "split" ? ["a", "b"] : [""];
}

/** Every branch that leads to a node. */
export const leadingTo = (flow: Flow, id: string): Joint[] =>
  flow.nodes.flatMap((node) =>
    branchesOf(node).filter((branch) => node.next[branch] === id).map((branch) => ({ from: node.id, branch })));

/** A node and all that follow it. */
export function following(flow: Flow, id: string): Set<string> {
  const found = new Set<string>();
  const open = [id];
  for (let next = open.pop(); next; next = open.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    open.push(...Object.values(nodeOf(flow, next)?.next ?? {}));
  }
  return found;
}

/** Whether a branch may lead to a node: not to the entry, not in a circle. */
export const mayLead = (flow: Flow, from: string, to: string): boolean =>
  nodeOf(flow, to)?.kind !== "entry" && nodeOf(flow, to) !== undefined && !following(flow, to).has(from);

/** The mail that reached a person last before a place in the flow; empty where there is none. */
export function mailBefore(flow: Flow, id: string | null): string {
  const seen = new Set<string>();
  let line = id ? [id] : [];
  while (line.length) {
    for (const one of line) {
      const node = nodeOf(flow, one);
      if (node?.kind === "mail" && node.mail) return node.mail;
      seen.add(one);
    }
    line = line.flatMap((one) => leadingTo(flow, one).map((joint) => joint.from)).filter((one) => !seen.has(one));
  }
  return "";
}

/** All nodes as a list reads them: along each branch to its end, the entry first; what nothing leads to comes last. */
export function inReadingOrder(flow: Flow): { node: FlowNode; depth: number; by: Joint | null; again: boolean }[] {
  const found: ReturnType<typeof inReadingOrder> = [];
  const seen = new Set<string>();
  const walk = (node: FlowNode | undefined, depth: number, by: Joint | null): void => {
    if (!node) return;
    const again = seen.has(node.id);
    found.push({ node, depth, by, again });
    if (again) return;
    seen.add(node.id);
    const branches = branchesOf(node);
    for (const branch of branches)
      walk(nodeOf(flow, node.next[branch]), branches.length > 1 ? depth + 1 : depth, { from: node.id, branch });
  };
  walk(flow.nodes.find((node) => node.kind === "entry"), 0, null);
  for (const node of flow.nodes) if (!seen.has(node.id) && !leadingTo(flow, node.id).length) walk(node, 0, null);
  return found;
}

/** Where the main way from the entry ends. */
export function endOf(flow: Flow): string {
  let node = flow.nodes.find((one) => one.kind === "entry");
  const on = (from: FlowNode) => nodeOf(flow, branchesOf(from).map((branch) => from.next[branch]).find(Boolean));
  for (let next = node && on(node); next; next = on(next)) node = next;
  return node?.id ?? "";
}

/** The first branch of a node that leads nowhere yet; else its main one. */
export function openJoint(flow: Flow, id: string): Joint | null {
  const node = nodeOf(flow, id);
  if (!node) return null;
  const branches = branchesOf(node);
  return { from: id, branch: branches.find((branch) => !node.next[branch]) ?? branches[0] };
}
