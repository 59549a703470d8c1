// What the API sends and takes; `docs/openapi.json` is the contract.

export type VerdictName =
  | "Executed"
  | "Accepted"
  | "Wrong Answer"
  | "Runtime Error"
  | "Time Limit Exceeded"
  | "Memory Limit Exceeded"
  | "Output Limit Exceeded"
  | "Compilation Error"
  | "Internal Error"
  | "Skipped";

export interface Language {
  language: string;
  version: string;
  aliases: string[];
}

export interface ProblemEntry {
  id: string;
  title: string;
  kind: "program" | "function" | "class";
  cases: number;
  version: string;
  updatedAtMs: number;
}

export interface Page<T> {
  problems: T[];
  next: string | null;
}

export interface Params {
  name: string;
  params?: { name: string; type: string }[];
}

/** Of a function; a class has methods, and returns nothing. */
export interface Signature extends Params {
  returns?: string;
  methods?: (Params & { returns: string; checker?: Checker })[];
}

/** When an answer counts as the expected one. */
export type Checker = string | { kind: string; [member: string]: unknown };

/** Which value is the answer of a function, where it is not what it returns. */
export type Answer = { argument: number; length?: "returned" } | ({ returned: true } | { argument: number })[];

/** A case as anyone sees it: a hidden one has no input and no expected value. */
export interface Case {
  name?: string;
  input?: unknown;
  expected?: unknown;
  hidden?: boolean;
  weight?: number;
}

export interface Limits {
  timeMs?: number;
  memoryBytes?: number;
  outputBytes?: number;
  factors?: Record<string, number>;
}

export interface Problem {
  id: string;
  version: string;
  title: string;
  statement: string;
  kind: "program" | "function" | "class";
  signature?: Signature;
  answer?: Answer;
  checker: Checker;
  limits: Limits;
  stopOnFirstFail: boolean;
  /** By language; empty for a program. */
  starter: Record<string, string>;
  cases: Case[];
}

/** A file of a program; the first one is run. */
export interface SourceFile {
  name: string;
  content: string;
  encoding?: "base64";
}

export interface Submission {
  problemId: string;
  /** Either code or files. */
  code?: string;
  files?: SourceFile[];
  language: string;
  priority?: "high" | "normal" | "low";
  /** Asks for events of each case while it runs. */
  watch?: boolean;
}

export interface Stored {
  id: string;
  /** How many waited in its lane once it was stored, itself included. */
  position?: number;
  resultUrl: string;
  lane?: "low";
  problem?: "unknown";
  dueAtMs?: number;
}

export interface Run {
  /** Either code or files. */
  code?: string;
  files?: SourceFile[];
  language: string;
  problemId?: string;
  stdin?: string;
  args?: unknown[];
}

export interface Stage {
  stdout: string;
  stderr: string;
  truncated?: true;
  code: number | null;
  signal: string | null;
  status: string | null;
  message: string | null;
  cpuTimeMs: number | null;
  wallTimeMs: number | null;
  memoryBytes: number | null;
}

export interface RunAnswer {
  verdict: VerdictName;
  output: string;
  /** What a function returned. */
  returned?: unknown;
  languageVersion: string;
  executor: string;
  compile?: Stage;
  run?: Stage;
}

export interface Evidence {
  input: string;
  expected: string;
  actual?: string;
  /** Where the answer first differs, or why it may be wrong. */
  note?: string;
  message?: string;
  stderr?: string;
}

export interface CaseResult {
  number: number;
  name?: string;
  hidden?: true;
  verdict: VerdictName;
  /** How much of its weight it earned, 0 to 1, where the checker gives points. */
  share?: number;
  cpuTimeMs?: number;
  memoryBytes?: number;
  evidence?: Evidence;
}

export interface Judgement {
  problemVersion: string;
  /** In percent. */
  score: number;
  passed: number;
  total: number;
  failedCase?: number;
  cpuTimeMs?: number;
  memoryBytes?: number;
  cases: CaseResult[];
}

export interface QueuedResult {
  id: string;
  status: "queued";
  submittedAtMs: number;
  dueAtMs?: number;
}

export interface DoneResult {
  id: string;
  status: "done";
  problemId: string;
  problem?: "unknown";
  language: string;
  languageVersion?: string;
  verdict: VerdictName;
  output: string;
  compile?: Stage;
  run?: Stage;
  judgement?: Judgement;
  submittedAtMs: number;
  startedAtMs: number;
  finishedAtMs: number;
  attempts: number;
  executor: string;
  /** What the problem's checker program said, for the operator's key alone. */
  checker?: { case?: number; compile?: Stage; run?: Stage };
}

export interface DeadResult {
  id: string;
  status: "dead";
  reason: string;
  attempts: number;
  submittedAtMs?: number;
  deadAtMs: number;
}

export interface PurgedResult {
  id: string;
  status: "purged";
  submittedAtMs: number;
}

/** What `GET /result/:id` answers. */
export type Result = QueuedResult | DoneResult | DeadResult | PurgedResult;
/** A result that will not change by itself. */
export type EndedResult = DoneResult | DeadResult | PurgedResult;

export interface DeadLetter {
  id: string;
  reason: string;
  problemId?: string;
  language?: string;
  lane: "high" | "normal" | "low";
  attempts: number;
  history: { attempt: number; reason: string; atMs?: number }[];
  submittedAtMs?: number;
  deadAtMs: number;
  /** Of a single letter: the queue item that it was. */
  payload?: string;
  payloadBase64?: string;
}

export interface Percentiles {
  p50: number;
  p90: number;
  p99: number;
}

export interface Stats {
  waiting: { high: number; normal: number; low: number };
  oldestWaitMs: number | null;
  inFlight: number;
  due: number;
  later: number;
  dead: number;
  paused: boolean;
  /** Newest first; minutes without jobs are left out. */
  minutes: { startsAtMs: number; done: number; dead: number }[];
  countedSinceMs: number;
  latency: { jobs: number; waitMs: Percentiles; totalMs: Percentiles } | null;
  verdicts: { language: string; verdict: VerdictName; count: number }[];
  commands: { lastHour: number; lastDay: number; dailyLimit: number | null };
}

export interface Endpoint {
  name: string;
  kind: "piston" | "judge0";
  healthy: boolean;
  error: string | null;
  latencyMs: number;
  ejectedUntilMs: number | null;
  slots: number | null;
  languages: Language[];
}
