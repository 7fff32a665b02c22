/** What keeps the draft from being saved, and the ways out. */
import { useDesk } from "./desk";
import type { SavingState } from "./saving";
import { post } from "./server";
import { t } from "./words";

export function Notices({ state, letGo }: { state: SavingState; letGo: () => void }) {
  const { page, flow, name } = useDesk();
  if (state.is !== "conflict" && state.is !== "failed") return null;
  const copy = async () => {
    const made = await post<{ url: string }>(page.urls.copy, { draft: flow, name });
    letGo();
    window.location.assign(made.url);
  };
  return (
    <div className="notice danger flow-notice" role="alert">
      <p>{state.words}{state.is === "conflict" && ` ${t("あなたの変更は、まだこの画面にだけあります。", "Your changes are on this screen only.")}`}</p>
      {state.is === "conflict" && (
        <div className="toolbar">
          <button type="button" className="button" onClick={() => void copy()}>{t("自分の変更を別のシナリオとして保存", "Save mine as another scenario")}</button>
          <button type="button" className="button" onClick={() => window.location.reload()}>{t("最新の下書きを開く", "Open the latest draft")}</button>
        </div>
      )}
    </div>
  );
}
