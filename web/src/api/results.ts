// The document of a submission.

import { call } from "./client.ts";
import { CallError } from "./errors.ts";
import type { Result } from "./types.ts";

/** What every submission's id looks like; the API answers something else at other paths. */
const ID = /^[0-9a-f]{48}$/;

export async function resultOf(id: string): Promise<Result> {
  if (!ID.test(id)) throw new CallError(404, "not_found", "No submission has this id.");
  return await call<Result>(`/result/${id}`);
}
