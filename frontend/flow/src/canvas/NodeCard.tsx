/** A node on the canvas: its card, its handles, and a press to go on where nothing follows yet. */
import { Handle, type NodeProps, Position, type Node } from "@xyflow/react";
import { memo } from "react";

import { problemsOf, useDesk } from "../desk";
import { branchWords, KINDS } from "../model/kinds";
import { sentence } from "../model/sentences";
import type { Branch, Figures, FlowNode, Problem } from "../model/types";
import { branchesOf } from "../model/walking";
import { grouped, t } from "../words";
import { Icon } from "./icons";

export type CardNode = Node<{ node: FlowNode }, "card">;

/** The name of a branch's handle; React Flow wants one that is not empty. */
export const handleOf = (branch: Branch): string => branch || "next";
export const branchOf = (handle: string | null | undefined): Branch => (handle === "next" || !handle ? "" : (handle as Branch));

export const NodeCard = memo(function NodeCard({ data: { node }, selected }: NodeProps<CardNode>) {
  const { names, problems, figures, editable } = useDesk();
  const wrong = problemsOf(problems, node.id);
  const worst = wrong.some((one) => one.severity === "error") ? "error" : wrong.length ? "warning" : "";
  const words = sentence(node, names);
  const title = node.name || KINDS[node.kind].words;
  const counted = figures?.[node.id];
  return (
    <div className={`flow-card ${KINDS[node.kind].group} ${selected ? "selected" : ""} ${worst}`}>
      {node.kind !== "entry" && <Handle type="target" position={Position.Top} isConnectable={editable} />}
      <div className="flow-face" data-node={node.id} role="button" tabIndex={selected || node.kind === "entry" ? 0 : -1} aria-label={spoken(node, words, wrong)} aria-pressed={selected}>
        <Icon kind={node.kind} />
        <div>
          <strong>{title}{node.name && <small>{KINDS[node.kind].words}</small>}</strong>
          <p title={words}>{words}</p>
        </div>
        {worst && <span className="flow-mark" title={wrong.map((one) => `${one.what} ${one.fix}`).join("\n")}>!</span>}
      </div>
      {figures && <Counts counted={counted ?? { here: 0, passed: 0, left: 0, failed: 0 }} />}
      {branchesOf(node).map((branch, index, all) => <Out key={branch} node={node} branch={branch} at={`${((2 * index + 1) * 50) / all.length}%`} />)}
    </div>
  );
});

function spoken(node: FlowNode, words: string, wrong: Problem[]): string {
  const faults = wrong.length ? t("。問題: {list}", ". Problems: {list}", { list: wrong.map((one) => one.what).join(" ") }) : "";
  return `${node.name || KINDS[node.kind].words}: ${words}${faults}`;
}

export function Counts({ counted }: { counted: Figures }) {
  const shown: [string, number, string][] = [
    [t("いま", "here"), counted.here, "here"],
    [t("通過", "passed"), counted.passed, ""],
    [t("離脱", "left"), counted.left, ""],
    [t("失敗", "failed"), counted.failed, "failed"],
  ];
  return (
    <dl className="flow-counts">
      {shown.map(([words, value, look]) => <div key={words} className={value ? look : "none"}><dt>{words}</dt><dd>{grouped(value)}</dd></div>)}
    </dl>
  );
}

/** Where a branch leaves the card; where it leads nowhere, what can be done there. */
function Out({ node, branch, at }: { node: FlowNode; branch: Branch; at: string }) {
  const { editable, ask } = useDesk();
  const words = branchWords(branch);
  const ends = !node.next[branch];
  return (
    <>
      <Handle type="source" id={handleOf(branch)} position={Position.Bottom} style={{ left: at }} isConnectable={editable} />
      {words && <span className={`flow-branch ${branch}`} style={{ left: at }}>{words}</span>}
      {ends && (
        <span className="flow-end" style={{ left: at }}>
          {editable
            ? <button
                type="button" className="flow-plus nodrag" tabIndex={-1} data-plus={`${node.id}:${branch}`}
                aria-label={t("「{node}」{branch}の次に追加", "Add after “{node}” {branch}", { node: node.name || KINDS[node.kind].words, branch: words })}
                onClick={(event) => {
                  event.stopPropagation();
                  ask({ joint: { from: node.id, branch }, at: { x: event.clientX, y: event.clientY } });
                }}
              >+</button>
            : <small>{t("終了", "End")}</small>}
        </span>
      )}
    </>
  );
}
