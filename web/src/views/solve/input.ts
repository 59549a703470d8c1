// "My input": what a run gets. Standard input for a program, a field for each
// parameter of a function, the list of calls for a class. Kept by problem, filled from the first sample at first.

import { h, uniqueId } from "../../base/dom.ts";
import { parseExactly, print } from "../../base/json.ts";
import { read, write } from "../../base/storage.ts";
import type { Problem } from "../../api/types.ts";
import { shownCases } from "./samples.ts";
import { readValue } from "./values.ts";

/** What `POST /run` takes beside the code. */
export type RunInput = { stdin: string } | { args: unknown[] };

export interface InputForm {
  element: HTMLElement;
  /** `undefined` where a field is wrong; it says so, and has the focus. */
  take(): RunInput | undefined;
  /** Fills the form from a case's input, as the problem has it. */
  fill(input: unknown): void;
  /** Fills the form from a case's input as a result shows it. */
  fillFromText(input: string): void;
}

/** The form for a problem; without one, for the playground. */
export function inputForm(problem: Problem | undefined): InputForm {
  const first = problem && shownCases(problem)[0]?.input;
  if (problem?.kind === "class") return callsForm(problem, first);
  return problem?.kind === "function" ? argumentsForm(problem, first) : stdinForm(problem?.id ?? "", first);
}

function stdinForm(problemId: string, first: unknown): InputForm {
  const key = `input:${problemId}`;
  const kept = read<unknown>(key);
  const id = uniqueId("stdin");
  const area = h("textarea", {
    id,
    class: "stdin",
    spellcheck: "false",
    autocapitalize: "off",
    autocomplete: "off",
    rows: "4",
    value: typeof kept === "string" ? kept : typeof first === "string" ? first : "",
    oninput: () => write(key, area.value),
  });
  const set = (text: string) => {
    area.value = text;
    write(key, text);
  };
  return {
    element: h(
      "div",
      { class: "input-form" },
      h("div", { class: "field" }, h("label", { for: id }, "Standard input"), area),
    ),
    take: () => ({ stdin: area.value }),
    fill: (input) => set(String(input)),
    fillFromText: set,
  };
}

/** The calls of a class, one a line; together they are the JSON list that a case has. */
function callsForm(problem: Problem, first: unknown): InputForm {
  const key = `input:${problem.id}`;
  const kept = read<unknown>(key);
  const keep = () => write(key, calls.text());
  const calls = field("Calls", "calls", typeof kept === "string" ? kept : callsText(first), keep);
  const set = (text: string) => {
    calls.set(text);
    keep();
  };
  return {
    element: h("div", { class: "input-form" }, calls.element),
    take() {
      const found = calls.read();
      if (!found) {
        calls.focus();
        return undefined;
      }
      return { args: found.value as unknown[] };
    },
    fill: (input) => set(callsText(input)),
    fillFromText(input) {
      try {
        set(callsText(parseExactly(input)));
      } catch {
        set(input);
      }
    },
  };
}

function callsText(input: unknown): string {
  if (!Array.isArray(input) || input.length === 0) return "";
  return `[\n${input.map((call) => `  ${print(call)}`).join(",\n")}\n]`;
}

function argumentsForm(problem: Problem, first: unknown): InputForm {
  const key = `input:${problem.id}`;
  const params = problem.signature?.params ?? [];
  const kept = read<unknown>(key);
  const begin = isTexts(kept, params.length) ? kept : texts(first);
  const fields = params.map(({ name, type }, at) => field(name, type, begin[at] ?? "", keep));

  function keep(): void {
    write(
      key,
      fields.map((one) => one.text()),
    );
  }

  function fill(input: unknown): void {
    const values = texts(input);
    fields.forEach((one, at) => {
      one.set(values[at] ?? "");
    });
    keep();
  }

  return {
    element: h(
      "div",
      { class: "input-form" },
      params.length === 0
        ? h("p", { class: "muted" }, "The function takes no arguments.")
        : fields.map((one) => one.element),
    ),
    take() {
      const values = fields.map((one) => one.read());
      if (values.every((one) => one !== undefined)) return { args: values.map((one) => one.value) };
      fields[values.indexOf(undefined)]?.focus();
      return undefined;
    },
    fill,
    fillFromText(input) {
      try {
        fill(parseExactly(input));
      } catch {
        // It was cut: what is there is better than nothing where there is one field.
        fields[0]?.set(input);
        keep();
      }
    },
  };
}

function isTexts(value: unknown, count: number): value is string[] {
  return Array.isArray(value) && value.length === count && value.every((one) => typeof one === "string");
}

function texts(input: unknown): string[] {
  return Array.isArray(input) ? input.map((one) => print(one)) : [];
}

interface Field {
  element: HTMLElement;
  text(): string;
  set(text: string): void;
  read(): { value: unknown } | undefined;
  focus(): void;
}

function field(name: string, type: string, value: string, changed: () => void): Field {
  const id = uniqueId("argument");
  const error = h("p", { class: "error-text small", id: `${id}-error`, hidden: true });
  const area = h("textarea", {
    id,
    rows: type === "calls" ? "6" : "1",
    class: "argument",
    spellcheck: "false",
    autocapitalize: "off",
    autocomplete: "off",
    "aria-describedby": `${id}-error`,
    value,
    oninput: () => {
      complain(undefined);
      changed();
    },
  });

  function complain(text: string | undefined): void {
    error.hidden = text === undefined;
    error.textContent = text ?? "";
    if (text === undefined) area.removeAttribute("aria-invalid");
    else area.setAttribute("aria-invalid", "true");
  }

  return {
    element: h(
      "div",
      { class: "field" },
      h("label", { for: id }, type === "calls" ? name : `${name}: ${type}`),
      area,
      error,
    ),
    text: () => area.value,
    set(text) {
      area.value = text;
      complain(undefined);
    },
    read() {
      const found = readValue(area.value, type);
      complain("error" in found ? found.error : undefined);
      return "error" in found ? undefined : found;
    },
    focus: () => area.focus(),
  };
}
