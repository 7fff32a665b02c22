/** All kinds of nodes: dragged onto the canvas, or pressed to come after what is chosen. */
import { GROUPS, KINDS } from "../model/kinds";
import type { Kind } from "../model/types";
import { t } from "../words";
import { DRAGGED } from "./Canvas";
import { Icon } from "./icons";

export function Palette({ add }: { add: (kind: Kind) => void }) {
  return (
    <nav className="flow-palette" aria-label={t("要素", "Nodes")}>
      {GROUPS.map(([group, words]) => (
        <section key={group}>
          <h2>{words}</h2>
          {(Object.keys(KINDS) as Kind[]).filter((kind) => KINDS[kind].group === group).map((kind) => (
            <button
              key={kind} type="button" draggable title={KINDS[kind].hint} data-kind={kind}
              onDragStart={(event) => event.dataTransfer.setData(DRAGGED, kind)} onClick={() => add(kind)}
            ><Icon kind={kind} />{KINDS[kind].words}</button>
          ))}
        </section>
      ))}
    </nav>
  );
}
