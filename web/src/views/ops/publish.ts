// Publishes problems from files. A refusal is shown where it is: the field's path, and
// the line of the JSON text that it stands in.

import { advice, CallError } from "../../api/errors.ts";
import { PROBLEM_ID } from "../../api/ids.ts";
import { inform } from "../../base/announce.ts";
import { h, replace } from "../../base/dom.ts";
import { operate } from "../../operator.ts";
import { link } from "../../router.ts";
import { ENDINGS } from "./endings.ts";
import { excerpt, locate, type Place } from "./json-place.ts";
import { type ProblemFile, problemFiles, refusal } from "./problem-files.ts";

interface Published {
  id: string;
  version: string;
  cases: number;
  notes?: string[];
}

/** The list of what is published, as far as it is known. */
export interface Known {
  /** `null`: there is none of this id; `undefined`: the list is not known. */
  version(id: string): string | null | undefined;
  /** Something was published. */
  changed(): void;
}

const TIMEOUT_MS = 120_000;
/** A problem, its statement, its checker. */
const ACCEPTED = ["json", "md", ...Object.keys(ENDINGS)].map((ending) => `.${ending}`).join();

export const shortVersion = (version: string) => version.slice(0, 8);

export function publishing(known: Known): { element: HTMLElement; refresh(): void } {
  const cards = h("ul", { class: "ops-candidates", "aria-label": "Chosen problems" });
  const note = h("p", { class: "small error-text", role: "alert" });
  const files = picker("Choose files", { accept: ACCEPTED });
  const folder = picker("Choose a folder", { webkitdirectory: true });
  const whole = h("button", { class: "button primary", type: "button", onclick: () => void publishAll() });
  const clear = h("button", { class: "button", type: "button", onclick: () => show([]) }, "Clear");
  let open: Candidate[] = [];

  /** A button that opens the browser's choice of files. */
  function picker(name: string, attributes: Record<string, unknown>): HTMLElement {
    const input = h("input", {
      type: "file",
      multiple: true,
      class: "visually-hidden",
      ...attributes,
      onchange: () => void take(input),
    });
    return h("label", { class: "button ops-file" }, input, name);
  }

  async function take(input: HTMLInputElement): Promise<void> {
    const chosen = [...(input.files ?? [])];
    input.value = "";
    if (chosen.length === 0) return;
    try {
      const found = await problemFiles(chosen);
      replace(note, found.length === 0 && "There is no problem among these files: choose ID.json or problem.json.");
      show(found);
    } catch (error) {
      replace(note, `The files cannot be read: ${String(error)}. Choose them again.`);
    }
  }

  function show(found: ProblemFile[]): void {
    open = found.map((file) => candidate(file, known, chosen));
    replace(
      cards,
      open.map((one) => one.element),
    );
    whole.hidden = open.length < 2;
    replace(whole, `Publish all ${open.length}`);
    clear.hidden = open.length === 0;
  }

  const chosen = () => open.map((one) => ({ path: one.path, id: one.id() }));

  async function publishAll(): Promise<void> {
    whole.disabled = true;
    let refused = 0;
    for (const one of open) if (!(await one.publish())) refused += 1;
    whole.disabled = false;
    const good = open.length - refused;
    inform(`${good} published${refused > 0 ? `, ${refused} refused: see below.` : "."}`);
  }

  show([]);
  return {
    element: h(
      "section",
      { class: "card" },
      h("h2", {}, "Publish from files"),
      h(
        "p",
        { class: "small muted ops-sentence" },
        "ID.json, or a folder with problem.json, and beside it statement.md and the code of a checker program. Nothing is sent before you publish.",
      ),
      h("div", { class: "row" }, files, folder, whole, clear),
      note,
      cards,
    ),
    refresh() {
      for (const one of open) one.refresh();
    },
  };
}

interface Candidate {
  element: HTMLElement;
  path: string;
  id(): string;
  /** Returns whether it was taken. */
  publish(): Promise<boolean>;
  refresh(): void;
}

function candidate(file: ProblemFile, known: Known, chosen: () => { path: string; id: string }[]): Candidate {
  const field = h("input", {
    type: "text",
    value: file.id,
    spellcheck: "false",
    autocomplete: "off",
    oninput: refresh,
  });
  const before = h("span", { class: "small muted" });
  /** What was published from here, and whether the list has told of it since. */
  let live: { id: string; seen: boolean } | undefined;
  const button = h("button", { class: "button", type: "button", onclick: () => void publish() }, "Publish");
  const outcome = h("div", { class: "ops-outcome", role: "status" });
  // Of what cannot be read there is nothing to tell.
  const facts = !file.fault && [
    file.title ?? "without a title",
    file.cases === undefined ? "without cases" : file.cases === 1 ? "1 case" : `${file.cases} cases`,
    file.statement && `statement from ${file.statement}`,
    file.checker && `checker from ${file.checker}`,
  ];
  const element = h(
    "li",
    { class: "ops-candidate" },
    h(
      "div",
      {},
      h("strong", { class: "mono" }, file.path),
      facts && h("p", { class: "small muted" }, facts.filter(Boolean).join(" · ")),
    ),
    h(
      "div",
      { class: "row" },
      h("label", { class: "row ops-tight" }, h("span", { class: "small" }, "Id"), field),
      button,
      before,
    ),
    outcome,
  );

  function refresh(): void {
    if (live && known.version(live.id) !== undefined) {
      if (known.version(live.id) !== null) live.seen = true;
      else if (live.seen) {
        live = undefined;
        replace(outcome, h("p", { class: "muted" }, "It was published, and has been deleted since."));
      }
    }
    const version = known.version(field.value);
    const words = version === null ? "New here." : version && `Takes the place of version ${shortVersion(version)}.`;
    replace(before, !file.fault && words);
    field.setAttribute("aria-invalid", String(!PROBLEM_ID.test(field.value)));
  }

  async function publish(): Promise<boolean> {
    const id = field.value;
    if (button.disabled) return false;
    const refused = refusal(file, id, chosen());
    if (refused?.isOfId) {
      refuse(refused.message, undefined, undefined);
      field.focus();
      return false;
    }
    if (refused) {
      showFault(refused);
      return false;
    }
    button.disabled = true;
    live = undefined;
    replace(outcome, h("p", { class: "muted" }, "Publishing…"));
    const old = known.version(id);
    try {
      const path = `/problems/${encodeURIComponent(id)}`;
      succeed(await operate<Published>(path, { method: "PUT", text: file.whole, timeoutMs: TIMEOUT_MS }), old);
      known.changed();
      return true;
    } catch (error) {
      const name = error instanceof CallError ? error.field : undefined;
      refuse(advice(error), name, name === undefined ? undefined : locate(file.text, name));
      return false;
    } finally {
      button.disabled = false;
    }
  }

  function succeed({ id, version, cases, notes = [] }: Published, old: string | null | undefined): void {
    const now = shortVersion(version);
    live = { id, seen: false };
    const words =
      old === undefined
        ? `Published as version ${now}.`
        : old === null
          ? `New: published as version ${now}.`
          : old === version
            ? `Unchanged: version ${now} was published already.`
            : `Replaced: version ${shortVersion(old)} by ${now}.`;
    replace(
      outcome,
      h(
        "p",
        { class: "ops-good" },
        `✓ ${words} ${cases === 1 ? "1 case" : `${cases} cases`}. `,
        h("a", { href: link("p", id) }, "Open it"),
      ),
      notes.length > 0 &&
        h(
          "ul",
          { class: "small" },
          notes.map((one) => h("li", {}, one)),
        ),
    );
  }

  function refuse(
    message: string,
    name: string | undefined,
    place: Place | undefined,
    verdict = "✗ Not published. ",
  ): void {
    const beside = place?.exact ? undefined : besides(name);
    const where = beside
      ? `In ${beside}`
      : place && `${file.path}, line ${place.line}${place.exact ? "" : ": it is missing here"}`;
    replace(
      outcome,
      h("p", { class: "error-text" }, verdict, message),
      (name || where) && h("p", { class: "small" }, name && h("code", {}, name), name && where && " · ", where),
      place && !beside && lines(file.text, place),
    );
  }

  /** The file that a refused field comes from, where it is not the JSON. */
  function besides(name: string | undefined): string | undefined {
    if (name === "statement") return file.statement;
    return name?.startsWith("checker.") ? file.checker : undefined;
  }

  function showFault({ message, place }: NonNullable<ProblemFile["fault"]>): void {
    refuse(message, undefined, place, "✗ It cannot be published. ");
  }

  if (file.fault) showFault(file.fault);
  refresh();
  return { element, path: file.path, id: () => field.value, publish, refresh };
}

/** The lines around a place, with their numbers; the line itself is marked. */
function lines(text: string, place: Place): HTMLElement {
  return h(
    "pre",
    { class: "ops-source", tabindex: "0", "aria-label": `The JSON around line ${place.line}` },
    excerpt(text, place).map(({ line, parts: [head, mark, tail], marked }) =>
      h(
        "span",
        { class: marked ? "ops-line marked" : "ops-line" },
        h("span", { class: "ops-line-number" }, `${marked ? "▸" : " "}${String(line).padStart(4)}  `),
        head,
        mark !== "" && h("mark", {}, mark),
        `${tail}\n`,
      ),
    ),
  );
}
