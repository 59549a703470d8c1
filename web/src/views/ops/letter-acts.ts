// What can be done with dead letters: one, those that are selected, or all of a
// reason, over all pages. What cannot be undone is asked before.

import { advice, CallError } from "../../api/errors.ts";
import { alarm, inform } from "../../base/announce.ts";
import { ask } from "../../base/dialog.ts";
import type { DeadLetter } from "../../api/types.ts";
import { operate } from "../../operator.ts";
import { begin, type Counts } from "./acts.ts";
import { short } from "./letter.ts";

export type Deed = "replay" | "delete";

/** A replay of more than this is asked for. */
const MANY = 10;

export function letters(count: number): string {
  return count === 1 ? "1 letter" : `${count.toLocaleString("en")} letters`;
}

const one = (id: string) => `/dead/${encodeURIComponent(id)}`;

/** Returns whether the letter is gone from the list now. */
export async function replayOne(letter: DeadLetter): Promise<boolean> {
  try {
    const { position } = await operate<{ position: number }>(`${one(letter.id)}/replay`, { method: "POST" });
    inform(`It waits again, at place ${position} of its lane.`);
    return true;
  } catch (error) {
    return gone(error);
  }
}

/** Asks, and returns whether the letter is gone from the list now. */
export async function deleteOne(letter: DeadLetter): Promise<boolean> {
  const yes = await ask({
    title: "Delete 1 letter?",
    text: `${letter.id}: “${short(letter.reason, 160)}”. Its payload is lost, and it cannot be replayed any more.`,
    action: "Delete 1 letter",
    dangerous: true,
  });
  if (!yes) return false;
  try {
    await operate(one(letter.id), { method: "DELETE" });
    inform("Deleted 1 letter.");
    return true;
  } catch (error) {
    return gone(error);
  }
}

/** A letter that is not there is gone as well: somebody else was quicker. */
function gone(error: unknown): boolean {
  if (error instanceof CallError && error.status === 404) {
    inform("It was gone already.");
    return true;
  }
  alarm(advice(error));
  return false;
}

/** The selected ones, one call each. Returns whether it began. */
export async function actOnSelected(
  deed: Deed,
  ids: string[],
  took: (id: string) => void,
  ended: () => void,
): Promise<boolean> {
  const action = `${deed === "replay" ? "Replay" : "Delete"} ${letters(ids.length)}`;
  if (deed === "delete" || ids.length > MANY) {
    const yes = await ask({
      title: `${action}?`,
      text:
        deed === "delete"
          ? `The ${letters(ids.length)} that you selected are deleted with their payloads. This cannot be undone.`
          : `The ${letters(ids.length)} that you selected wait again, each at the end of its lane.`,
      action,
      dangerous: deed === "delete",
    });
    if (!yes) return false;
  }
  return begin({
    key: "dead",
    title: action,
    total: ids.length,
    async step(cursor) {
      const index = Number(cursor ?? 0);
      const id = ids[index] ?? "";
      const counts = await single(deed, id);
      if (counts.done > 0 || counts["missing"]) took(id);
      return { next: index + 1 < ids.length ? String(index + 1) : null, counts };
    },
    tell: (counts) => tell(deed, counts),
    ended,
  });
}

async function single(deed: Deed, id: string): Promise<Counts> {
  try {
    if (deed === "replay") await operate(`${one(id)}/replay`, { method: "POST" });
    else await operate(one(id), { method: "DELETE" });
    return { done: 1 };
  } catch (error) {
    if (error instanceof CallError && error.status === 404) return { done: 0, missing: 1 };
    if (error instanceof CallError && error.status === 422) return { done: 0, unreadable: 1 };
    throw error;
  }
}

/** How many letters have a reason that begins so, looked up over all pages. */
export async function countOf(reason: string, progress: (count: number) => void, signal: AbortSignal): Promise<number> {
  const ids = new Set<string>();
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ reason });
    if (cursor !== null) query.set("cursor", cursor);
    const answer: { dead: (DeadLetter | null)[]; next: string | null } = await operate(`/dead?${query}`, { signal });
    for (const letter of answer.dead) if (letter) ids.add(letter.id);
    cursor = answer.next;
    progress(ids.size);
  } while (cursor !== null);
  return ids.size;
}

/** All whose reason begins so, over all pages. Returns whether it began. */
export async function actOnReason(deed: Deed, reason: string, count: number, ended: () => void): Promise<boolean> {
  const action = `${deed === "replay" ? "Replay" : "Delete"} ${letters(count)}`;
  if (deed === "delete" || count > MANY) {
    const which = `whose reason begins with “${short(reason, 160)}”`;
    const yes = await ask({
      title: `${action} of this reason?`,
      text:
        deed === "delete"
          ? `All ${letters(count)} ${which} are deleted with their payloads. This cannot be undone.`
          : `All ${letters(count)} ${which} wait again, each at the end of its lane.`,
      action,
      dangerous: deed === "delete",
    });
    if (!yes) return false;
  }
  return begin({
    key: "dead",
    title: `${action}: “${short(reason, 60)}”`,
    total: count,
    async step(cursor) {
      const query = new URLSearchParams({ reason });
      if (cursor !== null) query.set("cursor", cursor);
      const answer = await operate<{ replayed?: number; deleted?: number; unreadable?: number; next: string | null }>(
        `/dead/${deed}?${query}`,
        { method: "POST" },
      );
      const done = answer.replayed ?? answer.deleted ?? 0;
      return { next: answer.next, counts: { done, unreadable: answer.unreadable ?? 0 } };
    },
    tell: (counts) => tell(deed, counts),
    ended,
  });
}

function tell(deed: Deed, { done, unreadable = 0, missing = 0 }: Counts): string {
  const parts = [`${letters(done)} ${deed === "replay" ? "replayed" : "deleted"}`];
  if (unreadable > 0) parts.push(`${unreadable} skipped, for they are no jobs`);
  if (missing > 0) parts.push(`${missing} were gone already`);
  return `${parts.join(", ")}.`;
}
