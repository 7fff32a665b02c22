/** Choosing a content, a person or a tag by a part of its name. */
import { type KeyboardEvent, useEffect, useId, useState } from "react";

import { useDesk } from "../desk";
import { type Choice, choices } from "../server";
import { t } from "../words";

const PAUSE = 120; // milliseconds after the last letter

interface ListProps {
  what: string;
  id?: string;
  label?: string;
  invalid?: boolean;
  /** What stands in the input while nobody types. */
  shown: string;
  placeholder?: string;
  /** Those that are chosen already and are not offered. */
  without?: string[];
  /** Whether what was typed can be chosen though nothing is called so. */
  mayBeNew?: boolean;
  choose: (choice: Choice) => void;
}

/** An input that offers what fits the words in it (combobox). */
export function Offering({ what, id, label, invalid, shown, placeholder, without = [], mayBeNew, choose }: ListProps) {
  const { page } = useDesk();
  const list = useId();
  const [words, setWords] = useState<string | null>(null); // null: nobody types
  const [found, setFound] = useState<Choice[] | null>(null);
  const [active, setActive] = useState(0);

  useEffect(() => {
    if (words === null) return setFound(null);
    let wanted = true;
    const timer = window.setTimeout(async () => {
      const answer = await choices(page.urls.choices, what, words).catch(() => []);
      if (wanted) {
        setFound(answer);
        setActive(0);
      }
    }, words ? PAUSE : 0);
    return () => {
      wanted = false;
      window.clearTimeout(timer);
    };
  }, [words, what]);

  const typed = words?.trim() ?? "";
  const offered = (found ?? []).filter((one) => !without.includes(one.id));
  const isNew = mayBeNew && typed && found && !found.some((one) => one.id === typed);
  const all: Choice[] = isNew ? [...offered, { id: typed, name: typed, detail: t("新しいタグ", "new tag") }] : offered;
  const take = (choice: Choice | undefined) => {
    if (choice) choose(choice);
    setWords(null);
  };
  const press = (event: KeyboardEvent<HTMLInputElement>) => {
    if (words === null || event.nativeEvent.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setActive((active + step + all.length) % Math.max(1, all.length));
    else if (event.key === "Enter") take(all[active]);
    else if (event.key === "Escape") setWords(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <span className="flow-picker">
      <input
        id={id} role="combobox" aria-label={label} aria-invalid={invalid} aria-expanded={words !== null} aria-controls={list}
        aria-activedescendant={words !== null && all[active] ? `${list}-${active}` : undefined} autoComplete="off"
        placeholder={placeholder ?? t("選んでください", "Choose")} value={words ?? shown}
        onFocus={(event) => event.currentTarget.select()}
        onClick={() => setWords(words ?? "")}
        onChange={(event) => setWords(event.currentTarget.value)}
        onBlur={() => setWords(null)}
        onKeyDown={(event) => {
          if (words === null && ["ArrowDown", "Enter"].includes(event.key)) {
            event.preventDefault();
            setWords("");
          } else press(event);
        }}
      />
      {words !== null && (
        <ul role="listbox" id={list}>
          {all.map((one, index) => (
            <li
              key={one.id} id={`${list}-${index}`} role="option" aria-selected={index === active}
              onMouseDown={(event) => event.preventDefault()} onClick={() => take(one)}
            >{one.name}{one.detail && <small>{one.detail}</small>}</li>
          ))}
          {found && !all.length && <li className="none">{t("見つかりません", "Nothing found")}</li>}
        </ul>
      )}
    </span>
  );
}

const PLACES: Record<string, string> = { M: "/mails/", G: "/segments/", S: "/scenarios/" };

interface PickerProps {
  what: string;
  id?: string;
  value: string | undefined;
  set: (value: string) => void;
  invalid?: boolean;
}

/** One content; and a way to look at it. */
export function Picker({ what, id, value, set, invalid }: PickerProps) {
  const { names, learn } = useDesk();
  const place = PLACES[value?.[0] ?? ""];
  return (
    <span className="flow-picked">
      <Offering
        what={what} id={id} invalid={invalid} shown={value ? names.of(value) : ""}
        choose={(choice) => {
          learn(choice.id, choice.name.replace(`${choice.id} `, ""));
          set(choice.id);
        }}
      />
      {value && place && <a className="button small" href={`${place}${value}`} target="_blank" rel="noreferrer" title={t("別のタブで開く", "Open in another tab")}>↗</a>}
    </span>
  );
}

interface SeveralProps {
  what: string;
  id?: string;
  values: string[];
  set: (values: string[]) => void;
  /** The words of a value. */
  words: (value: string) => string;
  mayBeNew?: boolean;
  placeholder?: string;
  invalid?: boolean;
}

/** Several tags or people, each taken away by a press. */
export function Several({ what, id, values, set, words, mayBeNew, placeholder, invalid }: SeveralProps) {
  const { learn } = useDesk();
  return (
    <span className="flow-several">
      {values.map((value) => (
        <span className="chip" key={value}>
          {words(value)}
          <button type="button" aria-label={t("{name}を外す", "Remove {name}", { name: words(value) })} onClick={() => set(values.filter((one) => one !== value))}>×</button>
        </span>
      ))}
      <Offering
        what={what} id={id} invalid={invalid} shown="" without={values} mayBeNew={mayBeNew} placeholder={placeholder ?? t("追加", "Add")}
        choose={(choice) => {
          learn(choice.id, choice.name);
          set([...values, choice.id]);
        }}
      />
    </span>
  );
}
