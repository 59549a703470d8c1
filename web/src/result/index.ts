// What became of a run or a submission, as elements for the solve view and the
// submission's own.

import type { LiveState } from "../api/live.ts";
import type { Problem } from "../api/types.ts";

export { liveResult } from "./live.ts";
export { runResult } from "./run.ts";
export { verdictBadge } from "./verdicts.ts";

export interface ResultOptions {
  /** For the samples' inputs; absent without a problem. May be set later, before another `update`. */
  problem?: Problem;
  language: string;
  /** Makes a case's input the own input of the editor beside it. */
  useAsInput?: (input: string) => void;
  /** Says nothing to screen readers: it shows what had ended before. */
  quiet?: boolean;
  /** Asks once more, after a key was given. */
  again?: () => void;
  /** Sets the cursor of the editor beside it. Lines and columns begin with 1. */
  goTo?: (line: number, column?: number) => void;
}

export interface LiveResult {
  element: HTMLElement;
  /** Shows this state; announces the verdict once. */
  update(state: LiveState): void;
}
