/** Words in both languages, side by side where they are used. The page's language decides. */

export const language: "ja" | "en" = document.documentElement.lang.startsWith("ja") ? "ja" : "en";

/** The Japanese or the English words; `{name}` is replaced by the value of that name. */
export function t(ja: string, en: string, values: Record<string, string | number> = {}): string {
  return (language === "ja" ? ja : en).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** A number with its thousands separated. */
export const grouped = (value: number): string => value.toLocaleString("en");

export const WEEKDAYS = t("月火水木金土日", "Mon Tue Wed Thu Fri Sat Sun").split(language === "ja" ? "" : " ");

/** A weekday in full; 0 is Monday. */
export function weekday(day: number): string {
  const names = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
  return language === "ja" ? `${WEEKDAYS[day] ?? "?"}曜日` : (names[day] ?? "?");
}

/** Weekdays as people say them: 平日, 毎日, 月・水・金. */
export function weekdays(days: number[]): string {
  const sorted = [...days].sort((one, other) => one - other);
  const joined = sorted.join();
  if (joined === "0,1,2,3,4") return t("平日", "Mon–Fri");
  if (joined === "0,1,2,3,4,5,6") return t("毎日", "every day");
  return sorted.map((day) => WEEKDAYS[day]).join(language === "ja" ? "・" : ", ");
}

/** A moment with its offset, in Japan's time: 2026年12月1日(火) 10:00. */
export function moment(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const parts = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(language === "ja" ? "ja-JP" : "en-GB", { timeZone: "Asia/Tokyo", ...options }).format(at);
  const time = parts({ hour: "2-digit", minute: "2-digit", hour12: false });
  if (language === "ja") return `${parts({ year: "numeric", month: "long", day: "numeric" })}(${parts({ weekday: "short" })}) ${time}`;
  return `${parts({ weekday: "short" })} ${parts({ day: "numeric", month: "short", year: "numeric" })} ${time}`;
}
