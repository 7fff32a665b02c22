/** Inputs that the settings of nodes share. */
import { type ReactNode, useEffect, useId, useState } from "react";

import { useDesk } from "../desk";
import type { Hours, Span, Unit } from "../model/types";
import { t, weekday, WEEKDAYS } from "../words";

interface FieldProps {
  label: string;
  /** Names of the draft's settings whose problems stand here. */
  of?: string[];
  node?: string;
  help?: ReactNode;
  children: (id: string, wrong: boolean) => ReactNode;
}

/** A labelled input with what is wrong with it. */
export function Field({ label, of = [], node = "", help, children }: FieldProps) {
  const id = useId();
  const { problems } = useDesk();
  const wrong = problems.filter((one) => one.node === node && of.includes(one.field));
  return (
    <div className={`field ${wrong.length ? "wrong" : ""}`}>
      <label htmlFor={id}>{label}</label>
      {children(id, wrong.some((one) => one.severity === "error"))}
      {help && <small>{help}</small>}
      {wrong.map((one) => <p className="error" key={one.what}>{one.what} {one.fix}</p>)}
    </div>
  );
}

interface SelectProps {
  id?: string;
  label?: string;
  value: string;
  options: [string, string][];
  set: (value: string) => void;
  invalid?: boolean;
}

export function Select({ id, label, value, options, set, invalid }: SelectProps) {
  const known = options.some(([one]) => one === value);
  return (
    <select id={id} aria-label={label} aria-invalid={invalid} value={value} onChange={(event) => set(event.currentTarget.value)}>
      {!known && <option value={value}>{value || t("選んでください", "Choose")}</option>}
      {options.map(([one, words]) => <option key={one} value={one}>{words}</option>)}
    </select>
  );
}

interface NumberProps {
  id?: string;
  label?: string;
  value: number | undefined | null;
  set: (value: number) => void;
  min?: number;
  max?: number;
  invalid?: boolean;
}

/** A whole number. While it is being typed it may be empty; nothing is kept then. */
export function NumberInput({ id, label, value, set, min, max, invalid }: NumberProps) {
  const [words, setWords] = useState(String(value ?? ""));
  useEffect(() => {
    if (value !== undefined && value !== null && Number(words) !== value) setWords(String(value));
  }, [value]);
  return (
    <input
      id={id} type="number" inputMode="numeric" aria-label={label} aria-invalid={invalid} min={min} max={max} value={words}
      onChange={(event) => {
        setWords(event.currentTarget.value);
        const number = Number.parseInt(event.currentTarget.value, 10);
        if (!Number.isNaN(number)) set(number);
      }}
      onBlur={() => setWords(String(value ?? ""))}
    />
  );
}

export function TimeInput({ id, label, value, set, invalid }: { id?: string; label?: string; value: string | undefined; set: (value: string) => void; invalid?: boolean }) {
  return <input id={id} type="time" aria-label={label} aria-invalid={invalid} value={value ?? ""} onChange={(event) => set(event.currentTarget.value)} />;
}

const JAPAN = "+09:00";

/** A moment in Japan's time, kept with its offset. */
export function MomentInput({ id, label, value, set, invalid }: { id?: string; label?: string; value: string | null | undefined; set: (value: string) => void; invalid?: boolean }) {
  return (
    <input
      id={id} type="datetime-local" aria-label={label} aria-invalid={invalid} value={local(value)}
      onChange={(event) => set(event.currentTarget.value ? `${event.currentTarget.value}:00${JAPAN}` : "")}
    />
  );
}

function local(iso: string | null | undefined): string {
  const at = new Date(iso ?? "");
  return Number.isNaN(at.getTime()) ? "" : new Date(at.getTime() + 9 * 3_600_000).toISOString().slice(0, 16);
}

/** Tomorrow at nine in Japan: where choosing a moment begins. */
export function tomorrow(): string {
  const day = new Date(Date.now() + 33 * 3_600_000).toISOString().slice(0, 10);
  return `${day}T09:00:00${JAPAN}`;
}

export function Weekdays({ days, set, label }: { days: number[]; set: (days: number[]) => void; label: string }) {
  return (
    <div className="flow-weekdays" role="group" aria-label={label}>
      {WEEKDAYS.map((words, day) => (
        <button
          key={words} type="button" aria-pressed={days.includes(day)} aria-label={weekday(day)}
          onClick={() => set(days.includes(day) ? days.filter((one) => one !== day) : [...days, day].sort())}
        >{words}</button>
      ))}
    </div>
  );
}

export const UNITS: [Unit, string][] = [
  ["minutes", t("分", "minutes")],
  ["hours", t("時間", "hours")],
  ["days", t("日", "days")],
  ["business_days", t("営業日", "business days")],
];

interface SpanProps {
  id?: string;
  span: Span | undefined;
  set: (span: Span) => void;
  units?: Unit[];
  invalid?: boolean;
}

/** A span of time: a number and its unit. */
export function SpanInput({ id, span, set, units, invalid }: SpanProps) {
  const [unit, number] = (Object.entries(span ?? {})[0] ?? ["days", 1]) as [Unit, number];
  const offered = UNITS.filter(([one]) => !units || units.includes(one));
  return (
    <span className="flow-span">
      <NumberInput id={id} value={number} min={1} set={(value) => set({ [unit]: value })} invalid={invalid} />
      <Select label={t("単位", "Unit")} value={unit} options={offered} set={(value) => set({ [value]: number })} />
    </span>
  );
}

/** From which hour until which, on which days. */
export function HoursInput({ hours, set }: { hours: Hours; set: (hours: Hours) => void }) {
  const oclock = (from: number, until: number): [string, string][] =>
    Array.from({ length: until - from + 1 }, (_, index) => [String(from + index), t("{n}時", "{n}:00", { n: from + index })]);
  const days = [...hours.days].flatMap((mark, day) => (mark === "1" ? [day] : []));
  return (
    <div className="flow-hours">
      <span className="flow-span">
        <Select label={t("始まり", "From")} value={String(hours.begins)} options={oclock(0, 23)} set={(value) => set({ ...hours, begins: Number(value) })} />
        <span>{t("から", "to")}</span>
        <Select label={t("終わり", "Until")} value={String(hours.ends)} options={oclock(1, 24)} set={(value) => set({ ...hours, ends: Number(value) })} />
      </span>
      <Weekdays label={t("曜日", "Weekdays")} days={days} set={(chosen) => set({ ...hours, days: [0, 1, 2, 3, 4, 5, 6].map((day) => (chosen.includes(day) ? "1" : "0")).join("") })} />
      <label className="choice"><input type="checkbox" checked={hours.holidays} onChange={(event) => set({ ...hours, holidays: event.currentTarget.checked })} /> {t("祝日も含める", "On national holidays, too")}</label>
    </div>
  );
}
