/** What one does to the whole: undo, zoom, lay out, problems, settings; and whether it is saved. */
import { useReactFlow, useViewport } from "@xyflow/react";

import { useDesk } from "./desk";
import type { SavingState } from "./saving";
import { t } from "./words";

interface Props {
  saving: SavingState;
  isList: boolean;
  mayList: boolean;
  canUndo: boolean;
  canRedo: boolean;
  act: (what: Act) => void;
}

export type Act = "undo" | "redo" | "arrange" | "fit" | "list" | "keys";

export function Toolbar({ saving, isList, mayList, canUndo, canRedo, act }: Props) {
  const { editable, problems, show, shown } = useDesk();
  const errors = problems.filter((one) => one.severity === "error").length;
  return (
    <div className="flow-toolbar" role="toolbar" aria-label={t("操作", "Tools")}>
      {editable && (
        <>
          <Press words={t("元に戻す", "Undo")} off={!canUndo} act={() => act("undo")}>↶</Press>
          <Press words={t("やり直す", "Redo")} off={!canRedo} act={() => act("redo")}>↷</Press>
        </>
      )}
      {!isList && <Zoom fit={() => act("fit")} />}
      {editable && !isList && <button type="button" className="button small" onClick={() => act("arrange")}>{t("整列", "Lay out")}</button>}
      {mayList && <button type="button" className="button small" aria-pressed={isList} onClick={() => act("list")}>{isList ? t("図", "Canvas") : t("一覧", "List")}</button>}
      <button type="button" className="button small" aria-pressed={shown.is === "flow"} onClick={() => show({ is: shown.is === "flow" ? "nothing" : "flow" })}>{t("シナリオの設定", "Settings")}</button>
      <span className="spacer" />
      {editable && problems.length > 0 && (
        <button type="button" className={`badge flow-count ${errors ? "bad" : "doubt"}`} aria-pressed={shown.is === "problems"} onClick={() => show({ is: shown.is === "problems" ? "nothing" : "problems" })}>
          {errors ? t("問題 {n}件", "Problems: {n}", { n: errors }) : t("注意 {n}件", "Notes: {n}", { n: problems.length })}
        </button>
      )}
      {editable && !problems.length && <span className="badge good">{t("問題なし", "No problems")}</span>}
      {editable && <SavingWords state={saving} />}
      {!isList && <Press words={t("キーボードの使い方", "Keyboard")} act={() => act("keys")}>?</Press>}
    </div>
  );
}

function Press({ words, off, act, children }: { words: string; off?: boolean; act: () => void; children: string }) {
  return <button type="button" className="button small" aria-label={words} title={words} disabled={off} onClick={act}>{children}</button>;
}

function Zoom({ fit }: { fit: () => void }) {
  const { zoomIn, zoomOut } = useReactFlow();
  const { zoom } = useViewport();
  return (
    <span className="flow-zoom">
      <Press words={t("縮小", "Zoom out")} act={() => void zoomOut()}>−</Press>
      <button type="button" className="button small" title={t("全体を表示", "Show everything")} onClick={fit}>{Math.round(zoom * 100)}%</button>
      <Press words={t("拡大", "Zoom in")} act={() => void zoomIn()}>＋</Press>
    </span>
  );
}

function SavingWords({ state }: { state: SavingState }) {
  const words = {
    saved: t("保存済み", "Saved"), unsaved: t("未保存", "Not saved yet"), saving: t("保存中…", "Saving…"),
    failed: t("保存できません", "Not saved"), conflict: t("保存を止めています", "Saving has stopped"),
  };
  return <span className="flow-saved" role="status" data-state={state.is}>{words[state.is]}</span>;
}
