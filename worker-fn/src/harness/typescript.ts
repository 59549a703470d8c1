// The function harness for TypeScript: JavaScript's, given as text, with the
// user's code between two lines that any compiler or type stripper lets pass
// (Node 22.18 and later, tsc to CommonJS, tsx).
//
// What stands before the user's code is on its first line, so that line
// numbers are the user's.

const judge_: any = (0, eval)(__RUNTIME__)(__NAME__, __PARAMS__, __RETURNS__, null);__NODES____CODE__
;judge_((judge_: string) => eval(judge_));
