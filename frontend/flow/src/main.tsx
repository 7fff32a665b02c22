/** Puts the editor where the page has a place for it. */
import "@xyflow/react/dist/base.css";
import "./flow.css";

import { createRoot } from "react-dom/client";

import { Editor } from "./Editor";
import type { Page } from "./model/types";

const data = document.getElementById("flow-data");
const place = document.getElementById("flow");
if (data?.textContent && place) createRoot(place).render(<Editor page={JSON.parse(data.textContent) as Page} />);
