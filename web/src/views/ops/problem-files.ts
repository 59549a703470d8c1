// Which problems the chosen files hold. A chosen folder is read as `cargo xtask problems
// push` reads it: a folder of problems, each a file `ID.json` or a folder `ID` with
// `problem.json`, and beside that `statement.md`, a checker's code and solutions; or a folder
// that is itself a problem. `tests/fixtures/problem-folders.json` holds both to the same.
// Files that were picked one by one are put together.

import { PROBLEM_ID } from "../../api/ids.ts";
import { checkerLanguage, ownChecker } from "./checker-file.ts";
import { jsonFault, jsonFlaw } from "./json-fault.ts";
import { compact, locate, type Place, placeAt, withMember } from "./json-place.ts";
import { codeFault, MAX_FILE_BYTES, nameFault } from "./solution-file.ts";

export interface ProblemFile {
  /** As it was chosen: "two-sum/problem.json". */
  path: string;
  text: string;
  /** What is published: the compact text with the statement and the checker's code put in. */
  whole: string;
  /** The folder's or the file's name, or the member `id` of a picked file; may be empty. */
  id: string;
  title: string | undefined;
  cases: number | undefined;
  /** The path of the file that each comes from. */
  statement: string | undefined;
  checker: string | undefined;
  /** Why it cannot be published as it is. */
  fault: { message: string; place?: Place | undefined } | undefined;
}

/** The most solutions that a fault names. */
const MAX_NAMED = 3;

interface Chosen {
  path: string;
  /** Empty where the file was picked by itself. */
  folder: string;
  name: string;
  file: File;
}

/** What is beside a problem's JSON, and belongs to it. */
interface Beside {
  statement?: Chosen;
  checkers: Chosen[];
  solutions: Chosen[];
}

export async function problemFiles(files: File[]): Promise<ProblemFile[]> {
  const chosen = files
    .map((file): Chosen => {
      const path = file.webkitRelativePath || file.name;
      const cut = path.lastIndexOf("/");
      return { path, folder: path.slice(0, Math.max(0, cut)), name: path.slice(cut + 1), file };
    })
    .filter((one) => !isHidden(one));
  /** Chosen folders that are problems themselves. */
  const alone = chosen.filter(({ folder, name }) => name === "problem.json" && folder !== "" && !folder.includes("/"));
  const roots = alone.map(({ folder }) => folder);
  const sources = chosen
    .filter((one) => {
      const { folder, name } = one;
      const [root = "", ...below] = folder.split("/");
      if (!name.endsWith(".json")) return false;
      if (roots.includes(root)) return alone.includes(one);
      return below.length === 0 || (below.length === 1 && name === "problem.json");
    })
    .sort((a, b) => a.path.localeCompare(b.path));
  return Promise.all(sources.map((source) => problem(source, chosen, sources)));
}

/** Why a chosen problem is not published under `id`, if so. `others`: what was chosen with it. */
export function refusal(
  file: ProblemFile,
  id: string,
  others: { path: string; id: string }[],
): { message: string; place?: Place | undefined; isOfId: boolean } | undefined {
  if (!PROBLEM_ID.test(id)) return { message: "The id must be 1 to 128 of A-Z a-z 0-9 . _ -", isOfId: true };
  if (file.fault) return { ...file.fault, isOfId: false };
  const twin = others.find((one) => one.path !== file.path && one.id === id);
  return twin && { message: `There is another problem with this id: ${twin.path}.`, isOfId: true };
}

/** Whether a file, or a folder that it is in, has a name that begins with a dot; the chosen folder may. */
function isHidden({ folder, name }: Chosen): boolean {
  return [...folder.split("/").slice(1), name].some((part) => part.startsWith("."));
}

function beside(source: Chosen, chosen: Chosen[], sources: Chosen[]): Beside {
  const { folder, name } = source;
  const isPicked = folder === "";
  // In a folder of problems, a file `ID.json` holds everything.
  if (name !== "problem.json" && !isPicked) return { checkers: [], solutions: [] };
  const here = chosen.filter((one) => one.folder === folder);
  const isOnly = name === "problem.json" || sources.filter((one) => one.folder === folder).length === 1;
  const own = isPicked && here.find((one) => one.name === `${name.slice(0, -".json".length)}.md`);
  const statement = own || (isOnly && here.find((one) => one.name === "statement.md"));
  const checkers = isOnly ? here.filter((one) => checkerLanguage(one.name) !== undefined) : [];
  const solutions = isPicked ? [] : chosen.filter((one) => one.folder === `${folder}/solutions`);
  return { checkers, solutions, ...(statement && { statement }) };
}

class NoText extends Error {}

/** A file's text without an editor's byte order mark; what is no text would be published changed. */
async function textOf({ file, path }: Chosen): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
  } catch (error) {
    if (error instanceof TypeError) throw new NoText(`${path} is no text in UTF-8.`);
    throw error;
  }
}

async function problem(source: Chosen, chosen: Chosen[], sources: Chosen[]): Promise<ProblemFile> {
  const { path, folder, name } = source;
  const base = name.slice(0, -".json".length);
  const found: ProblemFile = {
    path,
    text: "",
    whole: "",
    id: name === "problem.json" && folder !== "" ? (folder.split("/").at(-1) ?? "") : base,
    title: undefined,
    cases: undefined,
    statement: undefined,
    checker: undefined,
    fault: undefined,
  };
  try {
    found.text = await textOf(source);
    found.fault = await fill(found, source, beside(source, chosen, sources));
  } catch (error) {
    if (!(error instanceof NoText)) throw error;
    found.fault = { message: error.message };
  }
  return found;
}

/** Fills in what the files hold, and returns why they cannot be published. */
async function fill(
  found: ProblemFile,
  source: Chosen,
  { statement, checkers, solutions }: Beside,
): Promise<ProblemFile["fault"]> {
  const { text } = found;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const fault = jsonFault(text);
    return {
      message: `This is no JSON: ${fault?.message ?? String(error)}.`,
      place: fault && placeAt(text, fault.at),
    };
  }
  const flaw = jsonFlaw(text);
  if (flaw) return { message: flaw.message, place: placeAt(text, flaw.at) };
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { message: "A problem must be a JSON object.", place: locate(text, "") };
  const { id, title, cases, statement: own, checker } = value as Record<string, unknown>;
  found.whole = compact(text);
  if (typeof id === "string" && id !== "" && source.folder === "") found.id = id;
  if (typeof title === "string") found.title = title;
  if (Array.isArray(cases)) found.cases = cases.length;
  if (statement) {
    found.statement = statement.path;
    found.whole = withMember(found.whole, "statement", await textOf(statement));
    if (own !== undefined)
      return {
        message: `The statement stands here and in ${statement.path}: keep one.`,
        place: locate(text, "statement"),
      };
  }
  const [file, another] = checkers;
  if (another)
    return { message: `There is more than one file of a checker (${file?.name}, ${another.name}): keep one.` };
  if (file) {
    found.checker = file.path;
    const whole = ownChecker(found.whole, checker, file.name, await textOf(file));
    if (whole === undefined)
      return {
        message: `There is ${file.path}, but the checker here is not {"kind": "program"} without code.`,
        place: locate(text, "checker"),
      };
    found.whole = whole;
  }
  const faults = await Promise.all(solutions.map(solutionFault));
  const wrong = faults.filter((one) => one !== undefined);
  if (wrong.length === 0) return undefined;
  const more = wrong.length > MAX_NAMED ? `; and ${wrong.length - MAX_NAMED} more` : "";
  return { message: `${wrong.slice(0, MAX_NAMED).join("; ")}${more}.` };
}

async function solutionFault(solution: Chosen): Promise<string | undefined> {
  const { path, name, file } = solution;
  const fault = nameFault(name) ?? codeFault(file.size > MAX_FILE_BYTES ? undefined : await textOf(solution));
  return fault && `${path}: ${fault}`;
}
