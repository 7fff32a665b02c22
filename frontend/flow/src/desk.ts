/** What every part of the editor can reach: the flow, what is chosen, and how to change it. */
import { createContext, useContext } from "react";

import type { Branch, Figures, Flow, Page, Problem } from "./model/types";
import type { Names } from "./model/sentences";
import type { Joint } from "./model/walking";
import type { Place } from "./model/editing";

/** What the panel shows. */
export type Shown = { is: "nothing" | "flow" | "problems" } | { is: "node"; id: string } | { is: "joint"; joint: Joint };

/** Where the menu of new nodes opens: on a branch, or at a place. `at` is where on the screen, in pixels. */
export interface Adding {
  joint: Joint | null;
  place?: Place;
  at?: { x: number; y: number };
}

export interface Desk {
  page: Page;
  flow: Flow;
  names: Names;
  problems: Problem[];
  figures: Record<string, Figures> | null;
  shown: Shown;
  editable: boolean;
  /** Change the flow; `what` names a setting that is being typed. */
  change: (make: (flow: Flow) => Flow, what?: string) => void;
  show: (shown: Shown) => void;
  /** Show a node and put the keyboard on it. */
  goTo: (id: string) => void;
  ask: (adding: Adding | null) => void;
  learn: (id: string, name: string) => void;
  name: string;
  rename: (name: string) => void;
}

export const DeskContext = createContext<Desk | null>(null);

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (!desk) throw new Error("outside of the editor");
  return desk;
}

export const problemsOf = (problems: Problem[], node: string): Problem[] => problems.filter((one) => one.node === node);

export const isBranch = (joint: Joint, from: string, branch: Branch): boolean => joint.from === from && joint.branch === branch;
