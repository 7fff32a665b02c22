/** A line from a node to the next, with a press in its middle to put something between. */
import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps, getSmoothStepPath } from "@xyflow/react";
import { memo } from "react";

import { useDesk } from "../desk";
import type { Joint } from "../model/walking";
import { t } from "../words";

export type LineEdge = Edge<{ joint: Joint }, "line">;

export const Line = memo(function Line(props: EdgeProps<LineEdge>) {
  const { editable, ask } = useDesk();
  const [path, x, y] = getSmoothStepPath({ ...props, borderRadius: 14 });
  const joint = props.data?.joint;
  return (
    <>
      <BaseEdge id={props.id} path={path} interactionWidth={24} markerEnd={props.markerEnd} />
      {editable && joint && (
        <EdgeLabelRenderer>
          <button
            type="button" className="flow-plus on-line nodrag nopan" tabIndex={-1} data-plus={`${joint.from}:${joint.branch}`}
            style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
            aria-label={t("あいだに追加", "Add between")}
            onClick={(event) => ask({ joint, at: { x: event.clientX, y: event.clientY } })}
          >+</button>
        </EdgeLabelRenderer>
      )}
    </>
  );
});
