// What the tests of keys are written with: a made-up API that is closed to everybody
// who sends no key, with three keys that may do different things.

import { aCase, anId, judged } from "./fixtures.ts";
import { Api, type Asked, events, failure, send } from "./harness.ts";
import { LANGUAGES, ran, TWO_SUM } from "./solving.ts";

export const SOLVER = "solver-key-0123456789";
export const READER = "reader-key-0123456789";
export const OPERATOR = "operator-key-0123456789";

const SCOPES: Record<string, string[]> = { [SOLVER]: ["submit"], [READER]: ["read"], [OPERATOR]: ["admin"] };

export const ID = anId("d");
export const NEEDED = "This call needs a key with the scope submit, in the header Authorization.";
export const UNKNOWN = "This key is none of this judge's.";
export const LACKING = "This call needs a key with the scope submit, which this one does not have.";
export const CLOSED = "No key is set up: set the variable API_KEYS or ADMIN_TOKEN, or AUTH=off.";

export function keyOf({ headers }: Asked): string | undefined {
  return /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1];
}

/** Answers who has one of the scopes. */
export function guard(api: Api, what: string, scopes: string[], answer: Parameters<Api["on"]>[1]): void {
  api.on(what, (asked, response) => {
    const key = keyOf(asked);
    if (key === undefined) return send(response, 401, failure("unauthorized", NEEDED));
    const has = SCOPES[key];
    if (!has) return send(response, 401, failure("unauthorized", UNKNOWN));
    if (!has.includes("admin") && !has.some((one) => scopes.includes(one))) {
      return send(response, 403, failure("forbidden", LACKING));
    }
    return answer(asked, response);
  });
}

/** Closed by default, with two problems; a submission is accepted at once. */
export function closed(): Api {
  const api = new Api();
  const any = ["submit", "read"];
  guard(api, "GET /languages", any, () => ({ success: true, languages: LANGUAGES }));
  guard(api, "GET /problems", any, () => ({
    success: true,
    problems: [{ id: "two-sum", title: TWO_SUM.title, kind: "function", cases: 4, version: "v1", updatedAtMs: 0 }],
    next: null,
  }));
  guard(api, "GET /problems/two-sum", any, () => TWO_SUM);
  guard(api, "POST /run", ["submit"], () => ran("it ran\n"));
  guard(api, "POST /submit", ["submit"], () => ({ success: true, message: "", id: ID, position: 1, resultUrl: "" }));
  const accepted = judged(ID, [aCase(1), aCase(2), aCase(3), aCase(4)]);
  guard(api, "GET /result/*", any, () => accepted);
  guard(api, "GET /result/*/events", any, (_, response) => {
    const stream = events(response);
    stream.send("q1", "queued", { submittedAtMs: Date.now(), position: 1 });
    setTimeout(() => stream.send("d1", "done", accepted), 300);
  });
  guard(api, "GET /stats", ["read", "work"], (_, response) => {
    send(response, 503, failure("store_unavailable", "Redis does not answer."));
  });
  return api;
}
