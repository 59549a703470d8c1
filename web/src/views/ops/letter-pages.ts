// The pages of the list of dead letters. The API tells a page and where to go on; the
// way back is remembered here.

import type { DeadLetter } from "../../api/types.ts";
import { operate } from "../../operator.ts";

export interface LetterPage {
  /** Newest first. */
  letters: DeadLetter[];
  /** How many are stored that cannot be read. */
  damaged: number;
  /** Whether there is a later page. */
  more: boolean;
}

export interface LetterPages {
  /** 1 is the first. */
  number(): number;
  load(reason: string, signal: AbortSignal): Promise<LetterPage>;
  later(): void;
  earlier(): void;
  first(): void;
}

interface Answer {
  dead: (DeadLetter | null)[];
  next: string | null;
}

/** With a filter, so many empty pages are passed over in one load. */
const MAX_EMPTY = 20;

export function letterPages(): LetterPages {
  /** The cursors of the pages up to the present one; `undefined` is the first page's. */
  let way: (string | undefined)[] = [undefined];
  let next: string | null = null;

  async function ask(reason: string, cursor: string | undefined, signal: AbortSignal): Promise<Answer> {
    const query = new URLSearchParams();
    if (reason !== "") query.set("reason", reason);
    if (cursor !== undefined) query.set("cursor", cursor);
    return operate<Answer>(`/dead${query.size > 0 ? `?${query}` : ""}`, { signal });
  }

  async function load(reason: string, signal: AbortSignal): Promise<LetterPage> {
    let answer = await ask(reason, way.at(-1), signal);
    for (let empty = 0; answer.dead.length === 0 && answer.next !== null && empty < MAX_EMPTY; empty += 1) {
      way[way.length - 1] = answer.next;
      answer = await ask(reason, answer.next, signal);
    }
    // The last row of a page was deleted: the one before is shown, not "none".
    if (answer.dead.length === 0 && answer.next === null && way.length > 1) {
      way.pop();
      return load(reason, signal);
    }
    next = answer.next;
    const letters = new Map<string, DeadLetter>();
    for (const letter of answer.dead) if (letter) letters.set(letter.id, letter);
    return {
      letters: [...letters.values()].sort((a, b) => b.deadAtMs - a.deadAtMs),
      damaged: answer.dead.filter((letter) => letter === null).length,
      more: next !== null,
    };
  }

  return {
    load,
    number: () => way.length,
    later() {
      if (next !== null) way.push(next);
    },
    earlier() {
      if (way.length > 1) way.pop();
    },
    first() {
      way = [undefined];
    },
  };
}
