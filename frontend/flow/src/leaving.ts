/** The window around the editor: its width, and leaving it. */
import { useEffect, useState } from "react";

const NARROW = window.matchMedia("(max-width: 800px)");

/** Whether the screen is too narrow for a canvas. */
export function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(NARROW.matches);
  useEffect(() => {
    const look = () => setNarrow(NARROW.matches);
    NARROW.addEventListener("change", look);
    return () => NARROW.removeEventListener("change", look);
  }, []);
  return narrow;
}

/** Leaving saves first; where that can't be, the browser asks. */
export function useLeaving(isSafe: () => boolean, flush: () => Promise<void>): void {
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => {
      if (!isSafe()) event.preventDefault();
    };
    const leave = async (event: MouseEvent) => {
      const link = (event.target as Element).closest<HTMLAnchorElement>("a[href]:not([target])");
      if (!link || isSafe() || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      await flush();
      window.location.assign(link.href);
    };
    window.addEventListener("beforeunload", warn);
    document.addEventListener("click", leave);
    return () => {
      window.removeEventListener("beforeunload", warn);
      document.removeEventListener("click", leave);
    };
  }, [isSafe, flush]);
}
