// The submissions of this browser, newest first.

import type { VerdictName } from "./api/types.ts";

export interface Remembered {
  id: string;
  problemId: string;
  /** The problem's title, where there is a problem. */
  title?: string;
  language: string;
  code: string;
  submittedAtMs: number;
  /** What became of it, once that is known. */
  end?: {
    verdict: VerdictName | "dead" | "purged";
    passed?: number;
    total?: number;
    cpuTimeMs?: number;
    memoryBytes?: number;
  };
}

export declare function remember(submission: Remembered): void;
export declare function settle(id: string, end: NonNullable<Remembered["end"]>): void;
export declare function find(id: string): Remembered | undefined;
export declare function all(): Remembered[];
/** The ids of the problems that this browser has solved. */
export declare function solved(): Set<string>;
