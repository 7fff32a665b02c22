/** Icons of the kinds: lines of 1.6 on a field of 20. */
import { KINDS } from "../model/kinds";
import type { Kind } from "../model/types";

const PATHS: Record<Kind, string> = {
  entry: "M7 4.5v11l8.5-5.5z",
  mail: "M2.8 5h14.4v10H2.8z M2.8 5.6 10 11l7.2-5.4",
  notify: "M5 13.5c1-1 1.2-2 1.2-4.2a3.8 3.8 0 0 1 7.6 0c0 2.200.2 3.200 1.200 4.200z M8.600 16a1.500 1.500 0 0 0 2.800 0",
  tag: "M3.500 3.500h6l7 7-6 6-7-7z M7 7h.01",
  score: "M10 2.800l2.200 4.600 5 .7-3.600 3.500.9 5L10 14.200l-4.500 2.400.9-5L2.800 8.100l5-.7z",
  field: "M4 16l.7-3.200L13 4.500l2.500 2.500-8.300 8.300z M11.500 6l2.500 2.500",
  list: "M3 5.500h8 M3 10h8 M3 14.500h5 M14.500 9.500v6 M11.500 12.500h6",
  scenario: "M3 5.500h9.500 M10 3l2.500 2.500L10 8 M17 14.500H7.500 M10 12l-2.500 2.500L10 17",
  webhook: "M8.500 11.500a3 3 0 0 0 4.200 0l3-3a3 3 0 0 0-4.200-4.200l-1 1 M11.500 8.500a3 3 0 0 0-4.200 0l-3 3a3 3 0 0 0 4.200 4.200l1-1",
  opt_out: "M10 3a7 7 0 1 0 .01 0z M5.200 5.200l9.600 9.600",
  decision: "M10 2.500l7.500 7.500-7.500 7.500L2.500 10z M8.300 8.300a1.700 1.700 0 1 1 2.500 1.500c-.6.300-.8.600-.8 1.200 M10 13.300h.01",
  condition: "M3 4h14l-5.500 6.500V16l-3-1.500v-4z",
  wait: "M10 3a7 7 0 1 0 .01 0z M10 6v4l2.600 2",
  split: "M10 3v4.500 M10 7.500 5 11.500v5 M10 7.500l5 4v5",
};

export function Icon({ kind }: { kind: Kind }) {
  return (
    <span className={`flow-icon ${KINDS[kind].group}`} aria-hidden="true">
      <svg viewBox="0 0 20 20" width="20" height="20" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" strokeLinejoin="round"><path d={PATHS[kind]} /></svg>
    </span>
  );
}
