/** What the editor asks of the server. */
import { t } from "./words";

export interface Choice {
  id: string;
  name: string;
  detail?: string;
}

/** The server said no; `status` 409: somebody else saved meanwhile, 0: it can't be reached. */
export class Refused extends Error {
  constructor(readonly status: number, words: string) {
    super(words);
  }
}

export async function post<T>(url: string, body: unknown): Promise<T> {
  const token = document.querySelector<HTMLInputElement>("[name=csrfmiddlewaretoken]")?.value ?? "";
  return answered<T>(fetch(url, {
    method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": token }, body: JSON.stringify(body),
  }));
}

/** Things to choose from, by a part of the name. */
export async function choices(url: string, what: string, words: string): Promise<Choice[]> {
  const asked = new URLSearchParams({ what, q: words });
  return (await answered<{ choices: Choice[] }>(fetch(`${url}?${asked}`))).choices;
}

async function answered<T>(asked: Promise<Response>): Promise<T> {
  const response = await asked.catch(() => {
    throw new Refused(0, t("サーバーに届きません。通信を確かめてください。", "The server can't be reached. Check the connection."));
  });
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  if (!isJson)
    throw new Refused(response.status, response.redirected
      ? t("ログアウトしています。別のタブでログインしてください。", "You are logged out. Log in in another tab.")
      : t("保存できません（{n}）。", "Not saved ({n}).", { n: response.status }));
  const answer = await response.json();
  if (!response.ok) throw new Refused(response.status, answer.error ?? "");
  return answer as T;
}
