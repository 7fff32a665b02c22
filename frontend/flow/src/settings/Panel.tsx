/** The side panel: what is chosen and how to change it. */
import { useEffect, useRef } from "react";

import { Icon } from "../canvas/icons";
import { problemsOf, useDesk } from "../desk";
import { join, remove, setting } from "../model/editing";
import { branchWords, KINDS } from "../model/kinds";
import { sentence } from "../model/sentences";
import type { FlowNode, Problem, Settings } from "../model/types";
import { type Joint, branchesOf, mayLead, nodeOf, openJoint } from "../model/walking";
import { t } from "../words";
import { FlowSettings } from "./FlowSettings";
import { Field, Select } from "./inputs";
import { SETTINGS } from "./kinds";

export function Panel() {
  const { shown, flow, show } = useDesk();
  const panel = useRef<HTMLElement>(null);
  const node = shown.is === "node" ? nodeOf(flow, shown.id) : undefined;
  const nothing = shown.is === "nothing" || (shown.is === "node" && !node);
  useEffect(() => panel.current?.scrollTo(0, 0), [shown.is, node?.id]);
  if (nothing) return null;
  const title = { flow: t("シナリオの設定", "Settings of the scenario"), problems: t("問題", "Problems"), joint: t("つながり", "Connection"), node: "", nothing: "" }[shown.is];
  return (
    <aside className="flow-panel" ref={panel} aria-label={t("設定", "Settings")}>
      <header>
        {node ? <><Icon kind={node.kind} /><h2>{KINDS[node.kind].words}</h2></> : <h2>{title}</h2>}
        <button type="button" className="button quiet small" aria-label={t("閉じる", "Close")} onClick={() => show({ is: "nothing" })}>✕</button>
      </header>
      {node && <NodeSettings node={node} key={node.id} />}
      {shown.is === "flow" && <FlowSettings />}
      {shown.is === "problems" && <Problems />}
      {shown.is === "joint" && <JointSettings joint={shown.joint} />}
    </aside>
  );
}

function NodeSettings({ node }: { node: FlowNode }) {
  const { flow, names, editable, change, show, ask, problems } = useDesk();
  const Settings = SETTINGS[node.kind];
  const set = (made: Settings & { name?: string }) => change((one) => setting(one, node.id, made), `${node.id}:${Object.keys(made).join()}`);
  return (
    <>
      <p className="flow-sentence">{sentence(node, names)}</p>
      <ProblemList problems={problemsOf(problems, node.id).filter((one) => one.field === "next")} />
      <fieldset disabled={!editable}>
        <Settings node={node} set={set} />
        <div data-joins>{branchesOf(node).map((branch) => <NextField key={branch} joint={{ from: node.id, branch }} />)}</div>
        <Field label={t("名前（図の中での呼び名）", "Name on the canvas")}>
          {(id) => <input id={id} maxLength={200} placeholder={KINDS[node.kind].words} value={node.name} onChange={(event) => set({ name: event.currentTarget.value })} />}
        </Field>
      </fieldset>
      {editable && (
        <div className="toolbar">
          <button type="button" className="button" onClick={() => ask({ joint: openJoint(flow, node.id) })}>＋ {t("次に追加", "Add next")}</button>
          {node.kind !== "entry" && (
            <button type="button" className="button flow-remove" onClick={() => {
              change((one) => remove(one, node.id));
              show({ is: "nothing" });
            }}>{t("削除", "Delete")}</button>
          )}
        </div>
      )}
    </>
  );
}

/** Where a branch leads: the way to join nodes without a mouse. */
function NextField({ joint }: { joint: Joint }) {
  const { flow, names, change } = useDesk();
  const node = nodeOf(flow, joint.from);
  if (!node) return null;
  const words = branchWords(joint.branch);
  const targets = flow.nodes.filter((one) => one.id !== joint.from && mayLead(flow, joint.from, one.id));
  const options: [string, string][] = targets.map((one) => [one.id, `${one.name || KINDS[one.kind].words}: ${sentence(one, names)}`]);
  return (
    <Field label={words ? t("「{branch}」の次", "After “{branch}”", { branch: words }) : t("次", "Next")} node={node.id}>
      {(id) => <Select id={id} value={node.next[joint.branch] ?? ""} options={[["", t("終了", "End")], ...options]} set={(to) => change((one) => join(one, joint, to || null))} />}
    </Field>
  );
}

function JointSettings({ joint }: { joint: Joint }) {
  const { editable, change, show, ask } = useDesk();
  return (
    <fieldset disabled={!editable}>
      <NextField joint={joint} />
      {editable && (
        <div className="toolbar">
          <button type="button" className="button" onClick={() => ask({ joint })}>{t("あいだに追加", "Add between")}</button>
          <button type="button" className="button" onClick={() => {
            change((one) => join(one, joint, null));
            show({ is: "nothing" });
          }}>{t("つながりを外す", "Unjoin")}</button>
        </div>
      )}
    </fieldset>
  );
}

function Problems() {
  const { problems, goTo, show, flow } = useDesk();
  if (!problems.length) return <p>{t("問題は見つかりません。", "No problems found.")}</p>;
  return (
    <ul className="flow-problems">
      {problems.map((one, index) => {
        const node = nodeOf(flow, one.node);
        return (
          <li key={index} className={one.severity}>
            <button type="button" onClick={() => (node ? goTo(node.id) : show({ is: "flow" }))}>
              <strong>{node ? node.name || KINDS[node.kind].words : t("シナリオ全体", "The whole scenario")}</strong>
              <span>{one.what} {one.fix}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

/** What is wrong with how a node is joined; the rest stands at its setting. */
function ProblemList({ problems }: { problems: Problem[] }) {
  return problems.map((one) => (
    <p key={one.field + one.what} className={`notice ${one.severity === "error" ? "danger" : "warning"}`}>{one.what} {one.fix}</p>
  ));
}
