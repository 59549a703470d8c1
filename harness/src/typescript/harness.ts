// The function harness for TypeScript: JavaScript's, given as text, with the
// user's code between two lines that any compiler or type stripper lets pass
// (Node 22.18 and later, tsc to CommonJS, tsx).
//
// What stands before the user's code is on its first line, so that line numbers
// are the user's. Its last comment is where compiler.rs cuts a line that a compiler
// quotes; __COLUMNS__ is where it ends.

const judge_: any = (0, eval)(__RUNTIME__)(__ARGUMENTS__, null, undefined, (judge_: string) => import(judge_), __COLUMNS__);__NODES__/*judge_*/__CODE__
;judge_((judge_: string) => eval(judge_));
