/** People per node, as they move: the server tells of every change. */
import { useEffect, useState } from "react";

import type { Figures, Page } from "./model/types";

export function useFigures(page: Page): Record<string, Figures> | null {
  const [figures, setFigures] = useState(page.figures);
  useEffect(() => {
    if (!page.urls.events) return;
    const source = new EventSource(page.urls.events);
    source.onmessage = (message) => {
      const told = JSON.parse(message.data) as { nodes?: Record<string, Figures>; reload?: boolean };
      if (told.nodes) setFigures(told.nodes);
      if (told.reload && !document.querySelector("dialog[open]")) {
        source.close();
        window.location.reload();
      }
    };
    const close = () => source.close();
    window.addEventListener("pagehide", close);
    return () => {
      close();
      window.removeEventListener("pagehide", close);
    };
  }, [page]);
  return figures;
}
