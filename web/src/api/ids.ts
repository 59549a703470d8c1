// What ids look like. Nothing else is asked for: a path with `..` would be another call.

/** Every submission's id. */
export const SUBMISSION_ID = /^[0-9a-f]{48}$/;

/** What a problem's id may be. */
export const PROBLEM_ID = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,128}$/;
