// The document of a submission.

import { call } from "./client.ts";
import { CallError } from "./errors.ts";
import { SUBMISSION_ID } from "./ids.ts";
import type { Result } from "./types.ts";

export async function resultOf(id: string): Promise<Result> {
  if (!SUBMISSION_ID.test(id)) throw new CallError(404, "not_found", "No submission has this id.");
  return await call<Result>(`/result/${id}`);
}
