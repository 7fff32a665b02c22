/** The canvas: nodes to drag and join, zoom, fit. */
import {
  applyNodeChanges, Background, type Connection, type FinalConnectionState, MarkerType, type NodeChange, ReactFlow, useReactFlow,
} from "@xyflow/react";
import { type DragEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";

import { useDesk } from "../desk";
import { join, move } from "../model/editing";
import { HEIGHT, PANEL, WIDTH } from "../model/layout";
import type { Flow, Kind } from "../model/types";
import { branchesOf, type Joint, mayLead } from "../model/walking";
import { t } from "../words";
import { Line, type LineEdge } from "./Line";
import { branchOf, type CardNode, handleOf, NodeCard } from "./NodeCard";

const NODES = { card: NodeCard };
const EDGES = { line: Line };
const READABLE = 0.7; // below this zoom words are too small to begin with
const EDGE = 36; // pixels around the flow
/** What a palette's entry carries while it is dragged. */
export const DRAGGED = "application/x-tashika-kind";

interface Props {
  /** A kind from the palette was dropped: on a branch, or on the canvas. */
  dropped: (kind: Kind, joint: Joint | null, place: { x: number; y: number }) => void;
}

export function Canvas({ dropped }: Props) {
  const { flow, shown, editable, change, show, ask } = useDesk();
  const chosen = shown.is === "node" ? shown.id : "";
  const [nodes, setNodes] = useState<CardNode[]>(() => cardsOf(flow, chosen, []));
  const { screenToFlowPosition, setViewport } = useReactFlow();
  const room = useRef<HTMLDivElement>(null);
  useEffect(() => setNodes((before) => cardsOf(flow, chosen, before)), [flow, chosen]);
  const edges = useMemo(() => linesOf(flow, shown.is === "joint" ? shown.joint : null), [flow, shown]);

  const changed = useCallback((changes: NodeChange<CardNode>[]) => {
    setNodes((before) => applyNodeChanges(changes.filter((one) => one.type !== "select" && one.type !== "remove"), before));
  }, []);
  const connect = (made: Connection) =>
    change((one) => join(one, { from: made.source, branch: branchOf(made.sourceHandle) }, made.target));
  const connectEnded = (event: MouseEvent | TouchEvent, state: FinalConnectionState) => {
    if (state.isValid || !state.fromNode || state.fromHandle?.type !== "source") return;
    const at = "changedTouches" in event ? event.changedTouches[0] : event;
    const joint = { from: state.fromNode.id, branch: branchOf(state.fromHandle.id) };
    const below = document.elementFromPoint(at.clientX, at.clientY)?.closest<HTMLElement>(".react-flow__node")?.dataset.id;
    if (below && below !== joint.from) change((one) => join(one, joint, below));
    else if (!below) ask({ joint, place: screenToFlowPosition({ x: at.clientX - WIDTH / 2, y: at.clientY }), at: { x: at.clientX, y: at.clientY } });
  };
  const drop = (event: DragEvent) => {
    const kind = event.dataTransfer.getData(DRAGGED) as Kind;
    if (!kind) return;
    event.preventDefault();
    const at = { x: event.clientX, y: event.clientY };
    dropped(kind, jointAt(at, edges), screenToFlowPosition({ x: at.x - WIDTH / 2, y: at.y - 30 }));
  };
  return (
    <ReactFlow
      ref={room} onInit={() => void setViewport(beginning(flow, room.current))} nodes={nodes} edges={edges} nodeTypes={NODES} edgeTypes={EDGES} onNodesChange={changed}
      onConnect={connect} onConnectEnd={connectEnded} connectionRadius={36}
      isValidConnection={(made) => mayLead(flow, made.source, made.target)}
      onNodeClick={(_, node) => show({ is: "node", id: node.id })}
      onEdgeClick={(_, edge) => edge.data && show({ is: "joint", joint: edge.data.joint })}
      onPaneClick={() => show({ is: "nothing" })}
      onNodeDragStop={(_, __, dragged) => change((one) => move(one, new Map(dragged.map((node) => [node.id, node.position]))))}
      onDragOver={(event) => event.preventDefault()} onDrop={drop}
      nodesDraggable={editable} nodesConnectable={editable} nodesFocusable={false} edgesFocusable={false} edgesReconnectable={false}
      disableKeyboardA11y deleteKeyCode={null} selectionKeyCode={null} multiSelectionKeyCode={null}
      minZoom={0.2} maxZoom={1.6} snapToGrid snapGrid={[4, 4]} nodeDragThreshold={4}
      proOptions={{ hideAttribution: true }} aria-label={t("シナリオの図", "The scenario's canvas")}
    >
      <Background gap={24} size={1.4} />
    </ReactFlow>
  );
}

/** Where the view begins: on the whole flow, beside where the settings open, or on its beginning where the whole would be
 * too small to read. */
function beginning(flow: Flow, room: HTMLElement | null): { x: number; y: number; zoom: number } {
  const xs = flow.nodes.map((node) => node.x);
  const ys = flow.nodes.map((node) => node.y);
  const [width, height] = [(room?.clientWidth ?? 1100) - PANEL, room?.clientHeight ?? 600];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [wide, high] = [Math.max(...xs) - left + WIDTH, Math.max(...ys) - top + HEIGHT + EDGE];
  const zoom = Math.max(READABLE, Math.min(1, (width - 2 * EDGE) / wide, (height - 2 * EDGE) / high));
  const isWider = wide * zoom > width;
  const middle = isWider ? (flow.nodes.find((node) => node.kind === "entry")?.x ?? left) + WIDTH / 2 : left + wide / 2;
  return { x: width / 2 - middle * zoom, y: EDGE - top * zoom, zoom };
}

/** Nodes as React Flow wants them; what it has measured stays. */
function cardsOf(flow: Flow, chosen: string, before: CardNode[]): CardNode[] {
  const known = new Map(before.map((card) => [card.id, card]));
  return flow.nodes.map((node) => ({
    ...known.get(node.id),
    id: node.id, type: "card", data: { node }, position: { x: node.x, y: node.y }, selected: node.id === chosen,
    deletable: false, zIndex: node.id === chosen ? 10 : 0,
  }));
}

function linesOf(flow: Flow, chosen: Joint | null): LineEdge[] {
  return flow.nodes.flatMap((node) => branchesOf(node).flatMap((branch) => {
    const target = node.next[branch];
    if (!target) return [];
    const selected = chosen?.from === node.id && chosen.branch === branch;
    return [{
      id: `${node.id}:${branch}`, type: "line" as const, source: node.id, sourceHandle: handleOf(branch), target, selected,
      data: { joint: { from: node.id, branch } }, markerEnd: { type: MarkerType.ArrowClosed, width: 16, height: 16 },
    }];
  }));
}

/** The branch on whose line or plus something is dropped. */
function jointAt({ x, y }: { x: number; y: number }, edges: LineEdge[]): Joint | null {
  for (const element of document.elementsFromPoint(x, y)) {
    const plus = element.closest<HTMLElement>("[data-plus]")?.dataset.plus ?? element.closest<HTMLElement>(".react-flow__edge")?.dataset.id;
    if (!plus) continue;
    const [from, branch] = plus.split(":");
    return edges.find((edge) => edge.id === plus)?.data?.joint ?? { from, branch: branchOf(branch) };
  }
  return null;
}
