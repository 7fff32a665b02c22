/** A rule in words, edited in a dialog with the editor of segments. */
import { useEffect, useRef, useState } from "react";

import { useDesk } from "../desk";
import { ruleWords } from "../model/sentences";
import type { Rule, RuleData } from "../model/types";
import { post, Refused } from "../server";
import { grouped, t } from "../words";

declare global {
  interface Window {
    /** The editor of rules that segments use, too: web/rules.js. */
    tashikaRules: { edit(root: HTMLElement, data: RuleData, rule: Rule, changed: () => void): void };
  }
}

const EMPTY: Rule = { op: "and", rules: [] };
const PAUSE = 250; // milliseconds

interface Props {
  id?: string;
  rule: Rule | null | undefined;
  set: (rule: Rule) => void;
}

export function RuleInput({ id, rule, set }: Props) {
  const { names, editable } = useDesk();
  const [open, setOpen] = useState(false);
  const isEmpty = !rule || ("op" in rule && !rule.rules?.length);
  return (
    <div className="flow-rule">
      {!isEmpty && <p>{ruleWords(rule, names)}</p>}
      <button type="button" className="button" id={id} disabled={!editable} onClick={() => setOpen(true)}>
        {isEmpty ? t("条件を決める", "Set the rule") : t("条件を編集", "Edit the rule")}
      </button>
      {open && (
        <RuleDialog
          rule={rule ?? EMPTY}
          close={(made) => {
            setOpen(false);
            if (made) set(made);
          }}
        />
      )}
    </div>
  );
}

function RuleDialog({ rule, close }: { rule: Rule; close: (made?: Rule) => void }) {
  const { page } = useDesk();
  const dialog = useRef<HTMLDialogElement>(null);
  const root = useRef<HTMLDivElement>(null);
  const made = useRef<Rule>(structuredClone(rule));
  const [count, setCount] = useState<{ words: string; wrong: boolean }>({ words: "–", wrong: false });

  useEffect(() => {
    if (!root.current || !dialog.current) return;
    let timer = 0;
    const look = async () => {
      try {
        const answer = await post<{ count: number }>(page.urls.count, { rule: made.current });
        setCount({ words: t("いま {n}人が当てはまります", "{n} people match now", { n: grouped(answer.count) }), wrong: false });
      } catch (error) {
        if (error instanceof Refused) setCount({ words: error.message, wrong: true });
      }
    };
    if ("op" in made.current && !made.current.rules.length) made.current.rules.push({ field: "tag", test: "has", value: "" });
    window.tashikaRules.edit(root.current, page.rules, made.current, () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(look, PAUSE);
    });
    dialog.current.showModal();
    look();
    return () => window.clearTimeout(timer);
  }, []);

  return (
    <dialog ref={dialog} className="flow-rule-dialog" aria-label={t("条件", "Rule")} onClose={() => close()} onKeyDown={(event) => event.stopPropagation()}>
      <h2>{t("条件", "Rule")}</h2>
      <div ref={root} />
      <p className={count.wrong ? "errorlist" : "muted"} role="status">{count.words}</p>
      <div className="buttons">
        <button type="button" className="button" onClick={() => close()}>{t("やめる", "Cancel")}</button>
        <button type="button" className="button primary" onClick={() => close(made.current)}>{t("決定", "Use this rule")}</button>
      </div>
    </dialog>
  );
}
