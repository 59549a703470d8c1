// What people have written and not sent, by problem and language, in the browser's
// storage. No text is lost: where two tabs write different ones, the one that was
// written last is the draft and the other is put aside, until somebody says that it
// can go. Only where there are very many do the oldest make room for others.
//
// The editor around tells of every change (`edited`) and shows what is offered
// (`other`, `starterChanged`); this module writes, watches other tabs, and remembers
// what the storage would not take for as long as the page is open.

import { randomName } from "./base/random.ts";
import { keys, onChange, read, remove, size, write } from "./base/storage.ts";
import { type Store, store } from "./base/store.ts";

/** As it is stored. */
interface Stored {
  text: string;
  atMs: number;
  /** The tab that wrote it. */
  tab: string;
  /** The starter code that the text began from. */
  starter: string;
}

/** Another text of the same problem and language. */
export interface Other {
  text: string;
  atMs: number;
  /** Another tab wrote it just now, and its text is the draft; otherwise it lies aside. */
  live: boolean;
}

export interface Draft {
  /** The text to begin with. */
  text: string;
  /** When it was last saved; `undefined`: nothing to save yet, or the storage refused it. */
  savedMs: Store<number | undefined>;
  other: Store<Other | undefined>;
  /** Whether the problem has another starter now than the draft began from. */
  starterChanged: Store<boolean>;
  /** The text is another one now; it is saved a little later. */
  edited(text: string): void;
  /** Saves what is not saved yet. */
  save(): void;
  /** Makes the other text the draft, puts the present one aside, and returns the text to show. */
  takeOther(): string;
  /** Makes the present text the draft again and puts the other tab's aside. */
  keepThis(): void;
  /** Forgets the text that lies aside. */
  forgetOther(): void;
  /** From now on the draft counts as begun from the present starter. */
  acceptStarter(): void;
  /** Saves, and watches no longer. */
  close(): void;
}

/** How long after the last key a text is saved. */
const SAVE_AFTER_MS = 500;
const PREFIXES = ["draft:", "aside:"];
/** How many drafts are kept beside the one that is written. */
const MAX_DRAFTS = 100;
/** How long those may be in all, in UTF-16 units; a browser keeps about 5 million for a host. */
const MAX_SIZE = 1_000_000;

/** Tells this tab's writes from those of others. */
const TAB = randomName();
/** What the storage did not take, as long as the page is open. */
const unkept = new Map<string, Stored>();

/** Opens the draft of a problem (`""`: of the playground) in a language. */
export function openDraft(problemId: string, language: string, starter: string): Draft {
  const key = `draft:${problemId}:${language}`;
  const asidePrefix = `aside:${problemId}:${language}:`;
  const stored = readDraft(key);
  const touched = stored !== undefined && stored.text !== stored.starter;
  let text = touched ? stored.text : starter;
  let begunFrom = touched ? stored.starter : starter;
  let dirty = false;
  let lastWriteMs = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Where the other text lies aside: this tab's place, or that of an earlier one. */
  let asideKey = asidePrefix + TAB;

  const savedMs = store<number | undefined>(touched ? stored.atMs : undefined);
  const other = store<Other | undefined>(lyingAside());
  const starterChanged = store(begunFrom !== starter);

  /** The newest text that lies aside; those that say nothing new are removed. */
  function lyingAside(): Other | undefined {
    const found = keys(asidePrefix)
      .flatMap((name) => {
        const entry = readDraft(name);
        return entry ? [{ name, text: entry.text, atMs: entry.atMs }] : [];
      })
      .sort((a, b) => b.atMs - a.atMs);
    const seen = new Set([text, starter]);
    for (const one of found) {
      if (seen.has(one.text)) remove(one.name);
      seen.add(one.text);
    }
    const newest = found.find((one) => one.text !== text && one.text !== starter);
    asideKey = newest?.name ?? asidePrefix + TAB;
    return newest && { text: newest.text, atMs: newest.atMs, live: false };
  }

  function put(name: string, value: string, atMs: number): void {
    const entry: Stored = { text: value, atMs, tab: TAB, starter: begunFrom };
    if (write(name, entry)) {
      unkept.delete(name);
      savedMs.set(atMs);
      makeRoom([key, asideKey]);
    } else {
      unkept.set(name, entry);
      savedMs.set(undefined);
    }
  }

  function save(): void {
    clearTimeout(timer);
    if (!dirty) return;
    dirty = false;
    const now = Date.now();
    lastWriteMs = now;
    put(key, text, now);
  }

  /** The draft is what this tab shows, whatever it was. */
  function own(value: string): void {
    text = value;
    dirty = true;
    save();
  }

  /** Keeps the other tab's text, which is the draft no longer. */
  function layAside(): void {
    const left = other.get();
    if (!left?.live) return;
    put(asideKey, left.text, left.atMs);
    other.set({ ...left, live: false });
  }

  function otherTabWrote(value: unknown): void {
    if (!isStored(value) || value.tab === TAB) return;
    if (value.text === text) {
      if (other.get()?.live) other.set(undefined);
      dirty = false;
      clearTimeout(timer);
      savedMs.set(value.atMs);
      return;
    }
    // Both wrote at once: the later text is the draft, and the other tab sees it so, too.
    if (lastWriteMs > value.atMs || (lastWriteMs === value.atMs && TAB > value.tab)) {
      own(text);
      return;
    }
    dirty = false;
    clearTimeout(timer);
    asideKey = asidePrefix + TAB;
    if (text !== begunFrom) put(asideKey, text, Date.now());
    other.set({ text: value.text, atMs: value.atMs, live: true });
  }

  const ends = onChange<unknown>(key, otherTabWrote);

  return {
    text,
    savedMs,
    other,
    starterChanged,
    save,
    edited(value) {
      if (value === text) return;
      // Who goes on typing wants this text.
      if (other.get()?.live) {
        own(value);
        layAside();
        return;
      }
      text = value;
      dirty = true;
      clearTimeout(timer);
      timer = setTimeout(save, SAVE_AFTER_MS);
    },
    takeOther() {
      const taken = other.get()?.text ?? text;
      const old = { text, atMs: Date.now(), live: false };
      const isWorthIt = old.text !== begunFrom;
      if (isWorthIt) put(asideKey, old.text, old.atMs);
      else remove(asideKey);
      other.set(isWorthIt ? old : undefined);
      own(taken);
      return taken;
    },
    keepThis() {
      own(text);
      layAside();
    },
    forgetOther() {
      remove(asideKey);
      unkept.delete(asideKey);
      other.set(lyingAside());
    },
    acceptStarter() {
      begunFrom = starter;
      starterChanged.set(false);
      own(text);
    },
    close() {
      save();
      ends();
    },
  };
}

/** Removes the oldest drafts while there are too many beside `spared`. */
function makeRoom(spared: string[]): void {
  const names = draftNames().filter((name) => !spared.includes(name));
  let total = names.reduce((sum, name) => sum + size(name), 0);
  let count = names.length;
  if (count <= MAX_DRAFTS && total <= MAX_SIZE) return;
  const age = new Map(names.map((name) => [name, readDraft(name)?.atMs ?? 0]));
  for (const name of names.sort((a, b) => (age.get(a) ?? 0) - (age.get(b) ?? 0))) {
    if (count <= MAX_DRAFTS && total <= MAX_SIZE) return;
    total -= size(name);
    count -= 1;
    remove(name);
  }
}

function draftNames(): string[] {
  return PREFIXES.flatMap(keys);
}

/** How many texts are kept that are not just starter code. */
export function countDrafts(): number {
  return [...new Set([...draftNames(), ...unkept.keys()])].filter((name) => {
    const draft = readDraft(name);
    return draft !== undefined && draft.text !== draft.starter;
  }).length;
}

/** Forgets all drafts, and the inputs that were written for runs. */
export function clearDrafts(): void {
  unkept.clear();
  for (const name of [...draftNames(), ...keys("input:")]) remove(name);
}

function readDraft(key: string): Stored | undefined {
  const value = unkept.get(key) ?? read<unknown>(key);
  return isStored(value) ? value : undefined;
}

function isStored(value: unknown): value is Stored {
  const { text, atMs, tab, starter } = (value ?? {}) as Record<string, unknown>;
  return typeof text === "string" && typeof atMs === "number" && typeof tab === "string" && typeof starter === "string";
}

/** The language that was last chosen for a problem, or for any. */
export function lastLanguage(problemId: string): string | undefined {
  const own = read<unknown>(`language:${problemId}`);
  const any = read<unknown>("language");
  return [own, any].find((one) => typeof one === "string") as string | undefined;
}

export function rememberLanguage(problemId: string, language: string): void {
  write(`language:${problemId}`, language);
  write("language", language);
}
