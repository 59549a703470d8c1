// Runs and submits, and shows what becomes of it: one place for the newest run or
// submission, errors at its top.

import { inform, say } from "../../base/announce.ts";
import { h, replace } from "../../base/dom.ts";
import { randomName } from "../../base/random.ts";
import { call } from "../../api/client.ts";
import { advice, CallError } from "../../api/errors.ts";
import { follow, type Following, type Known } from "../../api/live.ts";
import type { Problem, Run, RunAnswer, Stored } from "../../api/types.ts";
import { all, remember } from "../../history.ts";
import { liveResult, type ResultOptions, runResult } from "../../result/index.ts";
import { link } from "../../router.ts";
import type { RunInput } from "./input.ts";

export interface OutcomeOptions {
  problem: Problem | undefined;
  /** For a result's own buttons. */
  result: Omit<ResultOptions, "language" | "problem">;
  /** A run or a submission began or ended. */
  changed(): void;
}

export interface Outcome {
  element: HTMLElement;
  running(): boolean;
  submitting(): boolean;
  /** A second run takes the place of one that is not answered yet. */
  run(code: string, language: string, input: RunInput): Promise<void>;
  submit(code: string, language: string): Promise<void>;
  /** Shows the newest submission of this problem that is not known to have ended. */
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
  const element = h("div", {}, errors, shown);
  let running: AbortController | undefined;
  let submitting = false;
  let following: Following | undefined;
  let isLeft = false;
  /** The key of a submission that was not answered: the same submission goes out with it again. */
  let unanswered: { key: string; body: string } | undefined;

  function fail(error: unknown): void {
    errors.hidden = false;
    replace(errors, advice(error));
  }

  function clear(): void {
    errors.hidden = true;
    replace(errors);
  }

  function resultOptions(language: string): ResultOptions {
    return { ...options.result, language, ...(problem && { problem }) };
  }

  async function run(code: string, language: string, input: RunInput): Promise<void> {
    running?.abort();
    const mine = new AbortController();
    running = mine;
    clear();
    replace(shown, h("p", { class: "empty" }, "Running…"));
    say("Running.");
    changed();
    const body: Run = { code, language, ...input, ...(problem && { problemId: problem.id }) };
    try {
      const answer = await call<RunAnswer>("/run", {
        method: "POST",
        body,
        signal: mine.signal,
        timeoutMs: RUN_TIMEOUT_MS,
      });
      if (running === mine) replace(shown, runResult(answer, resultOptions(language)));
    } catch (error) {
      if (running !== mine) return;
      replace(shown);
      fail(error);
    } finally {
      if (running === mine) {
        running = undefined;
        changed();
      }
    }
  }

  async function submit(code: string, language: string): Promise<void> {
    if (submitting || !problem) return;
    submitting = true;
    clear();
    changed();
    const submission = { problemId: problem.id, code, language, watch: true };
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
      fail(error);
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
    const live = liveResult(resultOptions(language));
    replace(shown, live.element, h("p", { class: "small" }, h("a", { href: link("s", id) }, "Open this submission")));
    following = follow(id, (state) => live.update(state), known);
  }

  return {
    element,
    running: () => running !== undefined,
    submitting: () => submitting,
    run,
    submit,
    resume() {
      const newest = problem && all().find((one) => one.problemId === problem.id);
      if (!newest || newest.end || Date.now() - newest.submittedAtMs > RESUME_WITHIN_MS) return false;
      show(newest.id, newest.language);
      return true;
    },
    left() {
      isLeft = true;
      running?.abort();
      following?.stop();
    },
  };
}
