/** Where nodes stand when the flow lays itself out: downwards, yes and A to the left. */
import { Graph, layout } from "@dagrejs/dagre";

import type { Flow } from "./types";
import { branchesOf } from "./walking";

export const WIDTH = 264;
export const HEIGHT = 80;
export const GAP = 60;
export const PANEL = 352; // how much of the canvas the settings cover, in pixels of the screen
const GRID = 4;

/** The flow with every node at its place. */
export function arranged(flow: Flow): Flow {
  const places = placed(flow);
  return { ...flow, nodes: flow.nodes.map((node) => ({ ...node, ...places.get(node.id) })) };
}

/** Whether all stand where the layout puts them: nobody has moved one by hand. */
export function isArranged(flow: Flow): boolean {
  const places = placed(flow);
  return flow.nodes.every((node) => places.get(node.id)?.x === node.x && places.get(node.id)?.y === node.y);
}

/** Whether a draft came without places, such as by the API. */
export const isUnplaced = (flow: Flow): boolean =>
  flow.nodes.length > 1 && flow.nodes.every((node) => node.x === flow.nodes[0].x && node.y === flow.nodes[0].y);

function placed(flow: Flow): Map<string, { x: number; y: number }> {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: "TB", nodesep: 40, ranksep: GAP });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of flow.nodes) graph.setNode(node.id, { width: WIDTH, height: HEIGHT });
  for (const node of flow.nodes)
    for (const branch of branchesOf(node)) {
      const to = node.next[branch];
      if (to) graph.setEdge(node.id, to, {}, branch || "next");
    }
  layout(graph, { disableOptimalOrderHeuristic: true });
  const first = flow.nodes.find((node) => node.kind === "entry") ?? flow.nodes[0];
  const origin = first ? graph.node(first.id) : { x: 0, y: 0 };
  return new Map(flow.nodes.map((node) => {
    const at = graph.node(node.id);
    return [node.id, { x: round(at.x - origin.x), y: round(at.y - origin.y) }];
  }));
}

const round = (value: number): number => Math.round(value / GRID) * GRID;
