// Runs and submits, and shows what becomes of it: one place for the newest run or
// submission, errors at its top.

import { inform, say } from "../../base/announce.ts";
import { type Countdown, countdown } from "../../base/countdown.ts";
import { h, replace } from "../../base/dom.ts";
import { print } from "../../base/json.ts";
import { randomName } from "../../base/random.ts";
import { time } from "../../base/time.ts";
import { call } from "../../api/client.ts";
import { advice, CallError } from "../../api/errors.ts";
import { isAboutKeys } from "../../api/key.ts";
import { follow, type Following, type Known, type LiveState } from "../../api/live.ts";
import { resultOf } from "../../api/results.ts";
import type { Problem, Run, RunAnswer, Stored } from "../../api/types.ts";
import { all, remember, type Remembered, settleBy } from "../../history.ts";
import { keyPanel } from "../../key/index.ts";
import { liveResult, type ResultOptions, runResult } from "../../result/index.ts";
import { link } from "../../router.ts";
import type { Program } from "./files.ts";
import type { RunInput } from "./input.ts";

export interface OutcomeOptions {
  problem: Problem | undefined;
  /** For a result's own buttons. */
  result: Omit<ResultOptions, "language" | "problem">;
  /** A run or a submission began or ended. */
  changed(): void;
}

/** Each may be asked for only so often. */
type Act = "run" | "submit";

export interface Outcome {
  element: HTMLElement;
  running(): boolean;
  submitting(): boolean;
  /** Whether the API wants no more of these for now. */
  waits(what: Act): boolean;
  run(program: Program, language: string, input: RunInput): Promise<void>;
  /** `code` is what the history shows of the program. */
  submit(program: Program, code: string, language: string): Promise<void>;
  /** Shows the newest submission of this problem; returns whether it may still be under way. */
  resume(): boolean;
  left(): void;
}

/** How long a submission is taken up again after the view was left. */
const RESUME_WITHIN_MS = 10 * 60_000;
/** `POST /run` answers when the code has ended, or cannot any more. */
const RUN_TIMEOUT_MS = 120_000;

export function outcome(options: OutcomeOptions): Outcome {
  const { problem, changed } = options;
  const errors = h("div", { class: "outcome-error", role: "alert", hidden: true });
  const shown = h(
    "div",
    { class: "outcome" },
    h("p", { class: "empty" }, "Run or submit: what comes of it is shown here."),
  );
  const trouble = h("div", {});
  const element = h("div", { tabindex: "-1" }, errors, trouble, shown);
  const waiting = new Map<Act, Countdown>();
  let running: AbortController | undefined;
  let submitting = false;
  let following: Following | undefined;
  let isLeft = false;
  /** The key of a submission that was not answered: the same submission goes out with it again. */
  let unanswered: { key: string; body: string } | undefined;

  /** `again` does once more what was pressed. */
  function fail(error: unknown, what: Act, again: () => void): void {
    if (isAboutKeys(error)) {
      replace(trouble, keyPanel(error, again));
      return;
    }
    errors.hidden = false;
    const waitS = error instanceof CallError && error.status === 429 ? error.retryAfterS : undefined;
    replace(errors, waitS === undefined ? advice(error) : (error as CallError).message);
    if (waitS !== undefined) hold(what, waitS * 1_000);
  }

  /** Lets nobody press it until its time is over, and says how long that is. */
  function hold(what: Act, ms: number): void {
    const words = (left: string) => `You can ${what} again in ${left}.`;
    const wait = countdown(Date.now() + ms, words, () => {
      waiting.delete(what);
      if (trouble.contains(wait.element)) clear();
      say(`You can ${what} again.`);
      changed();
    });
    waiting.get(what)?.stop();
    waiting.set(what, wait);
    replace(trouble, h("p", { class: "outcome-wait small" }, wait.element));
  }

  function clear(): void {
    errors.hidden = true;
    replace(errors);
    replace(trouble);
  }

  function resultOptions(language: string): ResultOptions {
    return { ...options.result, language, ...(problem && { problem }) };
  }

  async function run(program: Program, language: string, input: RunInput): Promise<void> {
    running?.abort();
    const mine = new AbortController();
    running = mine;
    clear();
    replace(shown, h("p", { class: "empty" }, "Running…"));
    say("Running.");
    changed();
    const body: Run = { ...program, language, ...input, ...(problem && { problemId: problem.id }) };
    try {
      const answer = await call<RunAnswer>("/run", {
        method: "POST",
        text: print(body, ""),
        signal: mine.signal,
        timeoutMs: RUN_TIMEOUT_MS,
      });
      if (running === mine)
        replace(shown, runResult(answer, resultOptions(language), "args" in input ? input.args : undefined));
    } catch (error) {
      if (running !== mine) return;
      replace(shown);
      fail(error, "run", () => void run(program, language, input));
    } finally {
      if (running === mine) {
        running = undefined;
        changed();
      }
    }
  }

  async function submit(program: Program, code: string, language: string): Promise<void> {
    if (submitting || !problem) return;
    submitting = true;
    clear();
    changed();
    const submission = { problemId: problem.id, ...program, language, watch: true };
    const body = JSON.stringify(submission);
    if (unanswered?.body !== body) unanswered = { key: randomName(), body };
    try {
      const stored = await call<Stored>("/submit", {
        method: "POST",
        body: submission,
        headers: { "idempotency-key": unanswered.key },
      });
      unanswered = undefined;
      remember({
        id: stored.id,
        problemId: problem.id,
        title: problem.title,
        language,
        code,
        submittedAtMs: Date.now(),
      });
      if (stored.lane === "low") inform("You submit fast: this one waits behind everybody else's.");
      show(stored.id, language, stored.position === undefined ? {} : { position: stored.position });
    } catch (error) {
      // Nothing was stored, or nobody knows: only then may the same be sent twice.
      if (!(error instanceof CallError && error.passing)) unanswered = undefined;
      fail(error, "submit", () => void submit(program, code, language));
    } finally {
      submitting = false;
      changed();
    }
  }

  function show(id: string, language: string, known: Known = {}): void {
    if (isLeft) return;
    running?.abort();
    running = undefined;
    following?.stop();
    const live = liveResult({ ...resultOptions(language), again: () => show(id, language, known) });
    replace(shown, live.element, opening(id));
    let isEnded = false;
    const update = (state: LiveState) => {
      live.update(state);
      if (state.result && !isEnded) reveal(live.element);
      isEnded = state.result !== undefined;
    };
    following = follow(id, update, known);
  }

  /** One that ended before is asked for once. */
  async function showEnded({ id, language, submittedAtMs }: Remembered): Promise<void> {
    const before = shown.firstChild;
    const result = await resultOf(id);
    if (isLeft || shown.firstChild !== before) return;
    if (result.status === "queued") return show(id, language, { submittedAtMs });
    settleBy(result);
    const live = liveResult({ ...resultOptions(language), quiet: true });
    live.update({ phase: "ended", cases: [], connection: "live", result });
    replace(shown, live.element, opening(id, submittedAtMs));
  }

  return {
    element,
    running: () => running !== undefined,
    submitting: () => submitting,
    waits: (what) => waiting.has(what),
    run,
    submit,
    resume() {
      const newest = problem && all().find((one) => one.problemId === problem.id);
      if (!newest) return false;
      if (newest.end || Date.now() - newest.submittedAtMs > RESUME_WITHIN_MS) {
        // Without it the view is as at first; the history says more.
        showEnded(newest).catch(() => undefined);
        return false;
      }
      show(newest.id, newest.language);
      return true;
    },
    left() {
      isLeft = true;
      running?.abort();
      following?.stop();
      for (const wait of waiting.values()) wait.stop();
    },
  };
}

function opening(id: string, submittedAtMs?: number): HTMLElement {
  return h(
    "p",
    { class: "small muted outcome-open" },
    submittedAtMs !== undefined && ["Your newest submission, ", time(submittedAtMs), ". "],
    h("a", { href: link("s", id) }, "Open this submission"),
  );
}

/** So much above a case is no use: a row of cut cells. Pixels. */
const SCRAP = 64;

/** Scrolls the pane, as far as needed, to the chosen case; the focus stays. */
function reveal(result: HTMLElement): void {
  const pane = result.closest(".lower-panel");
  const detail = result.querySelector(".r-case");
  if (!pane || !detail || detail.childElementCount === 0) return;
  const [inside, box] = [pane.getBoundingClientRect(), detail.getBoundingClientRect()];
  const most = box.top - inside.top;
  const needed = Math.min(box.bottom - inside.bottom + 8, most);
  if (needed > 0) pane.scrollTop += most - needed < SCRAP ? most : needed;
}
