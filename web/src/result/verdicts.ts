// The verdicts as people see them: a sign, a word, and a colour that only helps.

import type { VerdictName } from "../api/types.ts";
import { h } from "../base/dom.ts";

export type Shown = VerdictName | "dead" | "purged" | "queued" | "running";

type Tone = "good" | "bad" | "warn" | "plain";

interface Look {
  sign: string;
  word: string;
  tone: Tone;
}

const LOOKS: Record<Shown, Look> = {
  Executed: { sign: "▸", word: "Executed", tone: "plain" },
  Accepted: { sign: "✓", word: "Accepted", tone: "good" },
  "Wrong Answer": { sign: "✗", word: "Wrong Answer", tone: "bad" },
  "Runtime Error": { sign: "!", word: "Runtime Error", tone: "bad" },
  "Time Limit Exceeded": { sign: "◷", word: "Time Limit Exceeded", tone: "warn" },
  "Memory Limit Exceeded": { sign: "▦", word: "Memory Limit Exceeded", tone: "warn" },
  "Output Limit Exceeded": { sign: "≡", word: "Output Limit Exceeded", tone: "warn" },
  "Compilation Error": { sign: "{}", word: "Compilation Error", tone: "warn" },
  "Internal Error": { sign: "?", word: "Internal Error", tone: "plain" },
  Skipped: { sign: "–", word: "Skipped", tone: "plain" },
  dead: { sign: "⊘", word: "Given up", tone: "warn" },
  purged: { sign: "∅", word: "Removed", tone: "plain" },
  queued: { sign: "…", word: "Queued", tone: "plain" },
  running: { sign: "◐", word: "Running", tone: "plain" },
};

/** How a verdict looks; a name that this page does not know is shown as it is. */
export function look(verdict: Shown): Look {
  return LOOKS[verdict] ?? { sign: "?", word: String(verdict), tone: "plain" };
}

/** A verdict as a sign and its full word. */
export function verdictBadge(verdict: Shown): HTMLElement {
  const { sign, word, tone } = look(verdict);
  return h(
    "span",
    { class: `verdict ${tone}`, dataset: { verdict } },
    h("span", { class: "r-sign", "aria-hidden": "true" }, sign),
    h("span", {}, word),
  );
}

/** Whether a case counts as failed: it ran, and was not accepted. */
export function failed(verdict: VerdictName): boolean {
  return verdict !== "Accepted" && verdict !== "Skipped" && verdict !== "Executed";
}
