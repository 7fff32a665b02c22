/** The flow as a list, from top to bottom: for narrow screens and for who prefers to read. */
import { problemsOf, useDesk } from "../desk";
import { branchWords, KINDS } from "../model/kinds";
import { sentence } from "../model/sentences";
import { branchesOf, inReadingOrder } from "../model/walking";
import { t } from "../words";
import { Icon } from "./icons";
import { Counts } from "./NodeCard";

export function List() {
  const { flow, names, problems, figures, shown, show, editable, ask } = useDesk();
  return (
    <ol className="flow-list">
      {inReadingOrder(flow).map(({ node, depth, by, again }, index) => {
        const wrong = problemsOf(problems, node.id);
        const ends = again ? [] : branchesOf(node).filter((branch) => !node.next[branch]);
        return (
          <li key={`${node.id}:${index}`} data-depth={Math.min(depth, 5)}>
            {by?.branch && <span className={`flow-branch ${by.branch}`}>{branchWords(by.branch)}</span>}
            {again
              ? <p className="flow-again">↪ {t("「{node}」に合流", "goes on at “{node}”", { node: node.name || KINDS[node.kind].words })}</p>
              : (
                <button
                  type="button" className={`flow-card ${KINDS[node.kind].group} ${wrong.some((one) => one.severity === "error") ? "error" : wrong.length ? "warning" : ""}`}
                  aria-pressed={shown.is === "node" && shown.id === node.id} data-node={node.id} onClick={() => show({ is: "node", id: node.id })}
                >
                  <span className="flow-face">
                    <Icon kind={node.kind} />
                    <span><strong>{node.name || KINDS[node.kind].words}</strong><span>{sentence(node, names)}</span></span>
                    {wrong.length > 0 && <span className="flow-mark">!</span>}
                  </span>
                  {figures && <Counts counted={figures[node.id] ?? { here: 0, passed: 0, left: 0, failed: 0 }} />}
                </button>
              )}
            {ends.map((branch) => (
              <p key={branch} className="flow-list-end">
                {branchWords(branch) && <span className={`flow-branch ${branch}`}>{branchWords(branch)}</span>}
                {editable
                  ? <button type="button" className="button small" onClick={() => ask({ joint: { from: node.id, branch } })}>＋ {t("追加", "Add")}</button>
                  : <small>{t("終了", "End")}</small>}
              </p>
            ))}
          </li>
        );
      })}
    </ol>
  );
}
