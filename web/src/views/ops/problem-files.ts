// Which problems the chosen files hold. A problem is a file `ID.json`, or a folder `ID`
// with `problem.json`; `statement.md` may stand beside it. As `cargo xtask publish` has it.

import { jsonFault } from "./json-fault.ts";
import { locate, type Place, placeAt } from "./json-place.ts";

export interface ProblemFile {
  /** As it was chosen: "two-sum/problem.json". */
  path: string;
  text: string;
  /** Where the id comes from: the member `id`, else the folder's or the file's name; may be empty. */
  id: string;
  title: string | undefined;
  cases: number | undefined;
  statement: { path: string; text: string } | undefined;
  /** Why it cannot be published as it is. */
  fault: { message: string; place?: Place | undefined } | undefined;
}

interface Chosen {
  path: string;
  folder: string;
  name: string;
  file: File;
}

export async function problemFiles(files: File[]): Promise<ProblemFile[]> {
  const chosen = files.map((file): Chosen => {
    const path = file.webkitRelativePath || file.name;
    const cut = path.lastIndexOf("/");
    return { path, folder: path.slice(0, Math.max(0, cut)), name: path.slice(cut + 1), file };
  });
  const whole = new Set(chosen.filter(({ name }) => name === "problem.json").map(({ folder }) => folder));
  const sources = chosen
    .filter(({ path, folder, name }) => {
      const hidden = path.split("/").some((part) => part.startsWith(".") || part === "solutions");
      // Beside `problem.json` other files are not problems, unless they were picked one by one.
      return !hidden && name.endsWith(".json") && (name === "problem.json" || folder === "" || !whole.has(folder));
    })
    .sort((a, b) => a.path.localeCompare(b.path));
  return Promise.all(sources.map((source) => problem(source, chosen, sources)));
}

async function problem(source: Chosen, chosen: Chosen[], sources: Chosen[]): Promise<ProblemFile> {
  const { path, folder, name, file } = source;
  const base = name.slice(0, -".json".length);
  const text = await file.text();
  const alone = sources.filter((one) => one.folder === folder).length === 1;
  const beside = chosen.find(
    (one) =>
      one.folder === folder &&
      (one.name === `${base}.md` || (one.name === "statement.md" && (alone || name === "problem.json"))),
  );
  const statement = beside && { path: beside.path, text: await beside.file.text() };
  const fromName = base === "problem" ? (folder.split("/").at(-1) ?? "") : base;
  const found: ProblemFile = {
    path,
    text,
    id: fromName,
    title: undefined,
    cases: undefined,
    statement,
    fault: undefined,
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const fault = jsonFault(text);
    const message = `This is no JSON: ${fault?.message ?? String(error)}.`;
    return { ...found, fault: { message, place: fault && placeAt(text, fault.at) } };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { ...found, fault: { message: "A problem must be a JSON object.", place: locate(text, "") } };
  const { id, title, cases, statement: own } = value as Record<string, unknown>;
  if (typeof id === "string" && id !== "") found.id = id;
  if (typeof title === "string") found.title = title;
  if (Array.isArray(cases)) found.cases = cases.length;
  if (own !== undefined && statement)
    found.fault = {
      message: `The statement stands here and in ${statement.path}: keep one.`,
      place: locate(text, "statement"),
    };
  return found;
}
