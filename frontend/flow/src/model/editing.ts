/** Changes of a flow. Pure: each gives a new one. */
import { KINDS } from "./kinds";
import { arranged, GAP, HEIGHT, isArranged, WIDTH } from "./layout";
import type { Flow, FlowNode, Kind, Settings } from "./types";
import { branchesOf, following, type Joint, mailBefore, mayLead, nodeOf } from "./walking";

export interface Place {
  x: number;
  y: number;
}

const withNode = (flow: Flow, id: string, change: (node: FlowNode) => FlowNode): Flow => ({
  ...flow,
  nodes: flow.nodes.map((node) => (node.id === id ? change(node) : node)),
});

/** Keeps a layout that nobody has touched by hand in order. */
function kept(before: Flow, after: Flow): Flow {
  return isArranged(before) ? arranged(after) : after;
}

/** Change settings of a node; those that are `undefined` go. */
export function setting(flow: Flow, id: string, change: Settings & { name?: string }): Flow {
  const before = nodeOf(flow, id);
  const after = withNode(flow, id, (node) => without({ ...node, ...change }));
  return before?.kind === "mail" && change.mail !== undefined ? asked(after, before, change.mail) : after;
}

/** Decisions after a mail that asked for it, or for none yet, ask for the new one. */
function asked(flow: Flow, before: FlowNode, mail: string): Flow {
  const after = following(flow, before.id);
  const isMeant = (node: FlowNode) =>
    node.kind === "decision" && ["opened", "clicked"].includes(node.did ?? "") && after.has(node.id) &&
    (node.of || "") === (before.mail || "") && (node.of !== "" || mailBefore(flow, node.id) === mail);
  return { ...flow, nodes: flow.nodes.map((node) => (isMeant(node) ? { ...node, of: mail } : node)) };
}

function without<T extends object>(entry: T): T {
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined)) as T;
}

/** A new node: after a branch, taking over what followed there, or alone at a place. Gives its id, too. */
export function add(flow: Flow, kind: Kind, joint: Joint | null, place?: Place): [Flow, string] {
  const id = newId(flow);
  const before = joint ? nodeOf(flow, joint.from) : undefined;
  const follows = before && joint ? before.next[joint.branch] : undefined;
  const made: FlowNode = {
    id, kind, name: "", ...(place ?? placeAfter(flow, joint)), next: {}, ...KINDS[kind].begins(flow, joint?.from ?? null),
  };
  if (follows) made.next = { [branchesOf(made)[0]]: follows };
  let changed: Flow = { ...flow, nodes: [...flow.nodes, made] };
  if (joint) changed = withNode(changed, joint.from, (node) => ({ ...node, next: { ...node.next, [joint.branch]: id } }));
  if (follows && !place) changed = pushedDown(changed, follows, made.y + HEIGHT + GAP);
  return [place ? changed : kept(flow, changed), id];
}

function newId(flow: Flow): string {
  const numbers = flow.nodes.map((node) => Number(/^n(\d+)$/.exec(node.id)?.[1] ?? 0));
  return `n${Math.max(0, ...numbers) + 1}`;
}

function placeAfter(flow: Flow, joint: Joint | null): Place {
  const before = nodeOf(flow, joint?.from);
  if (!before || !joint) {
    const lowest = Math.max(0, ...flow.nodes.map((node) => node.y));
    return free(flow, { x: flow.nodes[0]?.x ?? 0, y: lowest + HEIGHT + GAP });
  }
  const branches = branchesOf(before);
  const aside = branches.length > 1 ? (branches.indexOf(joint.branch) === 0 ? -1 : 1) * (WIDTH / 2 + 24) : 0;
  const place = { x: before.x + aside, y: before.y + HEIGHT + GAP };
  return before.next[joint.branch] ? place : free(flow, place);
}

/** A place beside, where the wanted one is taken. */
function free(flow: Flow, wanted: Place): Place {
  const taken = (place: Place) =>
    flow.nodes.some((node) => Math.abs(node.x - place.x) < WIDTH + 16 && Math.abs(node.y - place.y) < HEIGHT + 16);
  let place = wanted;
  while (taken(place)) place = { ...place, x: place.x + WIDTH + 32 };
  return place;
}

function pushedDown(flow: Flow, id: string, until: number): Flow {
  const by = until - (nodeOf(flow, id)?.y ?? until);
  if (by <= 0) return flow;
  const moved = following(flow, id);
  return { ...flow, nodes: flow.nodes.map((node) => (moved.has(node.id) ? { ...node, y: node.y + by } : node)) };
}

/** Without a node: what led to it leads on to what followed it. The entry stays. */
export function remove(flow: Flow, id: string): Flow {
  const gone = nodeOf(flow, id);
  if (!gone || gone.kind === "entry") return flow;
  const on = branchesOf(gone).map((branch) => gone.next[branch]).find(Boolean);
  const nodes = flow.nodes.filter((node) => node.id !== id).map((node) => {
    if (!Object.values(node.next).includes(id)) return node;
    const next = Object.entries(node.next).flatMap(([branch, to]) => (to !== id ? [[branch, to]] : on ? [[branch, on]] : []));
    return { ...node, next: Object.fromEntries(next) };
  });
  return kept(flow, { ...flow, nodes });
}

/** A branch leads to a node; or, without one, ends. What would go in a circle changes nothing. */
export function join(flow: Flow, joint: Joint, to: string | null): Flow {
  if (to !== null && !mayLead(flow, joint.from, to)) return flow;
  return kept(flow, withNode(flow, joint.from, (node) => {
    const { [joint.branch]: _, ...others } = node.next;
    return { ...node, next: to === null ? others : { ...others, [joint.branch]: to } };
  }));
}

/** Nodes at other places. */
export function move(flow: Flow, places: Map<string, Place>): Flow {
  return {
    ...flow,
    nodes: flow.nodes.map((node) => {
      const place = places.get(node.id);
      return place ? { ...node, x: Math.round(place.x), y: Math.round(place.y) } : node;
    }),
  };
}
