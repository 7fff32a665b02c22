/** The editor: holds the flow and its history, and puts canvas, palette and panel together. */
import { ReactFlowProvider, useReactFlow } from "@xyflow/react";
import { type KeyboardEvent, useCallback, useMemo, useRef, useState } from "react";

import { AddMenu } from "./canvas/AddMenu";
import { Canvas } from "./canvas/Canvas";
import { List } from "./canvas/List";
import { Palette } from "./canvas/Palette";
import { type Adding, type Desk, DeskContext, type Shown } from "./desk";
import { useFigures } from "./figures";
import { focusOn, keepInView, pressed } from "./hands";
import { KEYS } from "./keyboard";
import { useLeaving, useNarrow } from "./leaving";
import { add } from "./model/editing";
import { begun, changed, redone, undone } from "./model/history";
import { arranged, isUnplaced, PANEL } from "./model/layout";
import { namesOf } from "./model/sentences";
import type { Flow, Kind, Page } from "./model/types";
import { endOf, openJoint } from "./model/walking";
import { Notices } from "./Notices";
import { useSaving } from "./saving";
import { Panel } from "./settings/Panel";
import { type Act, Toolbar } from "./Toolbar";
import { t } from "./words";

export function Editor({ page }: { page: Page }) {
  return <ReactFlowProvider><Inner page={page} /></ReactFlowProvider>;
}

const DRAWN = 60; // milliseconds until nodes stand at their new places

function Inner({ page }: { page: Page }) {
  const [history, setHistory] = useState(() => begun(isUnplaced(page.draft) ? arranged(page.draft) : page.draft));
  const [name, rename] = useState(page.name);
  const [shown, setShown] = useState<Shown>({ is: "nothing" });
  const [adding, ask] = useState<Adding | null>(null);
  const [known, setKnown] = useState(page.names);
  const [wantsList, setWantsList] = useState(false);
  const narrow = useNarrow();
  const root = useRef<HTMLDivElement>(null);
  const keys = useRef<HTMLDialogElement>(null);
  const view = useReactFlow();
  const flow = history.now;
  const saving = useSaving(page, flow, name);
  const figures = useFigures(page);
  const isList = narrow || wantsList;

  const change = useCallback((make: (flow: Flow) => Flow, what = "") => {
    if (page.editable) setHistory((before) => changed(before, make(before.now), what, Date.now()));
  }, [page]);
  const goTo = (id: string) => {
    setShown({ is: "node", id });
    focusOn(root.current, id, () => isList || keepInView(view, root.current, id));
  };
  const show = (next: Shown) => (next.is === "node" ? goTo(next.id) : setShown(next));

  const put = (kind: Kind, { joint, place }: Adding) => {
    const [made, id] = add(flow, kind, joint, place);
    change(() => made);
    ask(null);
    goTo(id);
  };
  const fit = () => {
    const right = shown.is === "nothing" ? "6%" as const : `${PANEL + 24}px` as const;
    void view.fitView({ padding: { top: "5%", left: "6%", bottom: "9%", right }, maxZoom: 1, duration: 200 });
  };
  const act = (what: Act) => {
    if (what === "undo") setHistory(undone);
    else if (what === "redo") setHistory(redone);
    else if (what === "arrange") {
      change(arranged);
      window.setTimeout(fit, DRAWN);
    } else if (what === "fit") fit();
    else if (what === "list") setWantsList(!wantsList);
    else keys.current?.showModal();
  };
  const names = useMemo(() => namesOf(page, known), [page, known]);
  const desk: Desk = {
    page, flow, names, problems: saving.problems, figures, shown, editable: page.editable, change, show, goTo, ask, name, rename,
    learn: (id, words) => setKnown((before) => ({ ...before, [id]: words })),
  };
  useLeaving(saving.isSafe, saving.flush);

  const press = (event: KeyboardEvent<HTMLDivElement>) => {
    const acted = pressed(event, { desk, act, view, root: root.current });
    if (!acted) return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <DeskContext.Provider value={desk}>
      <div className={`flow-desk ${isList ? "is-list" : ""} ${page.editable ? "" : "is-read"}`} ref={root} tabIndex={-1} onKeyDown={press}>
        <Toolbar saving={saving.state} isList={isList} mayList={!narrow} canUndo={history.past.length > 0} canRedo={history.future.length > 0} act={act} />
        <Notices state={saving.state} letGo={saving.letGo} />
        <div className="flow-room">
          {page.editable && !isList && <Palette add={(kind) => put(kind, { joint: openJoint(flow, shown.is === "node" ? shown.id : endOf(flow)) })} />}
          {isList ? <List /> : <div className="flow-canvas"><Canvas dropped={(kind, joint, place) => put(kind, joint ? { joint } : { joint: null, place })} /></div>}
          <Panel />
        </div>
        {adding && <AddMenu adding={adding} add={put} />}
        <dialog ref={keys} aria-label={t("キーボード", "Keyboard")}>
          <h2>{t("キーボード", "Keyboard")}</h2>
          <dl className="facts">{KEYS.map(([key, words]) => [<dt key={key}><code>{key}</code></dt>, <dd key={words}>{words}</dd>])}</dl>
          <form method="dialog" className="buttons"><button className="button">{t("閉じる", "Close")}</button></form>
        </dialog>
      </div>
    </DeskContext.Provider>
  );
}
