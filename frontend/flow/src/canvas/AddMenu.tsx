/** The menu of new nodes: typed at, walked with arrows, or pressed. */
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react";

import { type Adding, useDesk } from "../desk";
import { branchWords, GROUPS, KINDS } from "../model/kinds";
import type { Branch, Kind } from "../model/types";
import { branchesOf, nodeOf } from "../model/walking";
import { t } from "../words";
import { Icon } from "./icons";

interface Props {
  adding: Adding;
  add: (kind: Kind, adding: Adding) => void;
}

export function AddMenu({ adding, add }: Props) {
  const { ask, flow } = useDesk();
  const box = useRef<HTMLDivElement>(null);
  const before = nodeOf(flow, adding.joint?.from);
  const [branch, setBranch] = useState<Branch>(adding.joint?.branch ?? "");
  const [words, setWords] = useState("");
  const [active, setActive] = useState(0);
  const offered = GROUPS.flatMap(([group]) => (Object.keys(KINDS) as Kind[]).filter((kind) => KINDS[kind].group === group && fits(kind, words)));
  const take = (kind: Kind | undefined) => kind && add(kind, { ...adding, joint: adding.joint && { ...adding.joint, branch } });
  useLayoutEffect(() => place(box.current, adding.at), []);
  useEffect(() => {
    const leave = (event: PointerEvent) => {
      if (!box.current?.contains(event.target as Element)) ask(null);
    };
    document.addEventListener("pointerdown", leave, true);
    return () => document.removeEventListener("pointerdown", leave, true);
  }, []);
  useEffect(() => box.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" }), [active]);

  const press = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setActive((active + step + offered.length) % Math.max(1, offered.length));
    else if (event.key === "Enter" && (event.target as Element).tagName === "INPUT") take(offered[active]);
    else if (event.key === "Escape") ask(null);
    else {
      event.stopPropagation();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="flow-menu" ref={box} role="dialog" aria-label={t("追加する要素", "What to add")} onKeyDown={press}>
      {before && branchesOf(before).length > 1 && (
        <div className="flow-segments" role="radiogroup" aria-label={t("どちらの先に", "After which branch")}>
          {branchesOf(before).map((one) => (
            <label key={one}><input type="radio" name="flow-branch" checked={branch === one} onChange={() => setBranch(one)} /> {t("{branch}の先に", "after {branch}", { branch: branchWords(one) })}</label>
          ))}
        </div>
      )}
      <input
        autoFocus ref={(input) => input?.focus()} role="combobox" aria-expanded="true" aria-controls="flow-kinds" aria-activedescendant={`flow-kind-${offered[active]}`}
        aria-label={t("要素を探す", "Find a kind")} placeholder={t("メール、待つ、タグ…", "mail, wait, tag …")} value={words}
        onChange={(event) => {
          setWords(event.currentTarget.value);
          setActive(0);
        }}
      />
      <ul role="listbox" id="flow-kinds">
        {offered.map((kind, index) => (
          <li key={kind} id={`flow-kind-${kind}`} role="option" aria-selected={index === active} onClick={() => take(kind)}>
            {KINDS[kind].group !== KINDS[offered[index - 1]]?.group && <h3>{GROUPS.find(([group]) => group === KINDS[kind].group)?.[1]}</h3>}
            <span><Icon kind={kind} /><strong>{KINDS[kind].words}</strong><small>{KINDS[kind].hint}</small></span>
          </li>
        ))}
      </ul>
    </div>
  );
}

const fits = (kind: Kind, words: string): boolean =>
  `${kind} ${KINDS[kind].words} ${KINDS[kind].hint}`.toLowerCase().includes(words.trim().toLowerCase());

/** Beside where it was asked for, inside of the window. */
function place(box: HTMLDivElement | null, at: { x: number; y: number } | undefined): void {
  if (!box) return;
  const { width, height } = box.getBoundingClientRect();
  const x = at?.x ?? window.innerWidth / 2 - width / 2;
  const y = at?.y ?? window.innerHeight / 2 - height / 2;
  box.style.left = `${Math.max(8, Math.min(x + 12, window.innerWidth - width - 8))}px`;
  box.style.top = `${Math.max(8, Math.min(y + 8, window.innerHeight - height - 8))}px`;
}
