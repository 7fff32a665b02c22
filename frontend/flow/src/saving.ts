/** The draft saves itself a moment after the last change; somebody else's is never overwritten. */
import { useCallback, useEffect, useRef, useState } from "react";

import type { Flow, Page, Problem } from "./model/types";
import { post, Refused } from "./server";

export type SavingState =
  | { is: "saved" | "unsaved" | "saving" }
  | { is: "failed" | "conflict"; words: string };

interface Answer {
  revision: number;
  problems: Problem[];
}

const PAUSE = 700; // milliseconds after the last change
const AGAIN = 4000; // milliseconds until the next attempt

export function useSaving(page: Page, flow: Flow, name: string) {
  const [state, setState] = useState<SavingState>({ is: "saved" });
  const [problems, setProblems] = useState(page.problems);
  const now = useRef({ flow, name, words: "" });
  now.current = { flow, name, words: said(flow, name) };
  const kept = useRef({ words: now.current.words, revision: page.revision, over: false });
  const under = useRef<Promise<void> | null>(null);
  const timer = useRef(0);

  const send = useCallback(async (): Promise<void> => {
    window.clearTimeout(timer.current);
    while (under.current) await under.current;
    const { words, flow, name } = now.current;
    if (words === kept.current.words || kept.current.over) return;
    setState({ is: "saving" });
    under.current = post<Answer>(page.urls.save, { draft: flow, name, revision: kept.current.revision })
      .then((answer) => {
        kept.current = { words, revision: answer.revision, over: false };
        setProblems(answer.problems);
        const more = now.current.words !== words;
        setState({ is: more ? "unsaved" : "saved" });
        if (more) timer.current = window.setTimeout(send, PAUSE);
      })
      .catch((error: unknown) => {
        if (!(error instanceof Refused)) throw error;
        kept.current.over = error.status === 409;
        setState({ is: error.status === 409 ? "conflict" : "failed", words: error.message });
        if (error.status === 0 || error.status >= 500) timer.current = window.setTimeout(send, AGAIN);
      })
      .finally(() => {
        under.current = null;
      });
    await under.current;
  }, [page]);

  const { words } = now.current;
  useEffect(() => {
    if (kept.current.over) return;
    window.clearTimeout(timer.current);
    const isKept = words === kept.current.words; // such as after undo
    setState({ is: isKept ? "saved" : "unsaved" });
    if (isKept) return;
    timer.current = window.setTimeout(send, PAUSE);
  }, [words, send]);

  const isSafe = useCallback(() => now.current.words === kept.current.words, []);
  /** What is here is safe elsewhere: leaving asks no more. */
  const letGo = useCallback(() => {
    kept.current = { ...kept.current, words: now.current.words, over: true };
  }, []);
  return { state, problems, flush: send, isSafe, letGo };
}

const said = (flow: Flow, name: string): string => JSON.stringify([flow, name]);
