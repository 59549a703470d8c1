// The solving view: a problem's statement beside the editor, with what a run or a
// submission did below. `#/free` is the same without a problem: code and an input.

import { inform } from "../../base/announce.ts";
import { isOpen } from "../../base/dialog.ts";
import { h } from "../../base/dom.ts";
import { kept } from "../../base/storage.ts";
import { tabs } from "../../base/tabs.ts";
import { call } from "../../api/client.ts";
import { advice, CallError } from "../../api/errors.ts";
import { PROBLEM_ID } from "../../api/ids.ts";
import { isAboutKeys } from "../../api/key.ts";
import type { Language, Problem } from "../../api/types.ts";
import { offered, template, usual } from "../../languages.ts";
import { statement } from "../../statement/index.ts";
import type { OpenView, View } from "../../view.ts";
import { facts } from "./describe.ts";
import { desk as makeDesk } from "./desk.ts";
import { filesForm, type Program } from "./files.ts";
import { inputForm } from "./input.ts";
import { layout } from "./layout.ts";
import { outcome as makeOutcome } from "./outcome.ts";
import { past as makePast } from "./past.ts";
import { samples } from "./samples.ts";
import { toolbar } from "./toolbar.ts";

export const open: OpenView = async (route) => {
  const id = route.parts[0] === "p" ? (route.parts[1] ?? "") : undefined;
  if (id !== undefined && !PROBLEM_ID.test(id)) {
    throw new CallError(404, "not_found", "There is no such problem. Check that the address is complete.");
  }
  const [offer, problem] = await Promise.all([
    offered().catch((error: unknown) => {
      if (isAboutKeys(error)) throw error;
      inform(`The languages could not be asked for. ${advice(error)}`);
      return undefined;
    }),
    id === undefined ? undefined : call<Problem>(`/problems/${encodeURIComponent(id)}`),
  ]);
  return solve(problem, choosable(problem, offer));
};

/** Where a problem has starter code, it can be solved in those languages only. */
function choosable(problem: Problem | undefined, offer: Language[] | undefined): Language[] {
  const all = offer ?? usual();
  if (!problem || problem.kind === "program") return all;
  const able = Object.keys(problem.starter);
  const both = all.filter((one) => able.includes(one.language));
  return both.length > 0 ? both : able.map((language) => ({ language, version: "", aliases: [] }));
}

function solve(problem: Problem | undefined, languages: Language[]): View {
  const title = problem?.title ?? "Playground";
  const isCalled = problem !== undefined && problem.kind !== "program";
  const about = problem && facts(problem);
  const form = inputForm(problem);
  // A function or a class is code alone.
  const files = isCalled
    ? undefined
    : filesForm(problem ? "this problem" : "the playground", () => queueMicrotask(update));

  const desk = makeDesk({
    problemId: problem?.id ?? "",
    title,
    languages: languages.map((one) => one.language),
    starter: (language) => (isCalled ? (problem.starter[language] ?? "") : template(language)),
    starterIsOfProblem: isCalled,
    changed: () => queueMicrotask(update),
  });
  const bar = toolbar(desk, languages);

  const outcome = makeOutcome({
    problem,
    changed: () => queueMicrotask(update),
    result: {
      goTo(line, column) {
        frame.choose("code");
        desk.goTo(line, column);
      },
      useAsInput(input) {
        form.fillFromText(input);
        showInput();
      },
    },
  });
  const past =
    problem &&
    makePast(problem.id, (submission) => {
      desk.put(submission.language, submission.code);
      frame.choose("code");
    });

  const panels = [
    { key: "input", name: "My input", panel: h("div", { class: "lower-panel" }, form.element) },
    { key: "result", name: "Result", panel: h("div", { class: "lower-panel" }, outcome.element) },
    ...(files ? [{ key: "files", name: "Files", panel: h("div", { class: "lower-panel" }, files.element) }] : []),
    ...(past ? [{ key: "history", name: "History", panel: h("div", { class: "lower-panel" }, past.element) }] : []),
  ];
  const lower = tabs("Input and result", panels, (key) => {
    if (key === "history") past?.update();
  });

  const run = actionButton("Run", "Ctrl+Enter", startRun);
  const submit = problem && actionButton("Submit", "Ctrl+Shift+Enter", startSubmit);
  (submit ?? run).classList.add("primary");

  const frame = layout({
    title,
    statement:
      problem &&
      h(
        "div",
        {},
        h("h1", {}, title),
        about?.element,
        statement(problem.statement),
        samples(problem, (input) => {
          form.fill(input);
          showInput();
        }),
      ),
    code: [bar.element, desk.element],
    actions: [run, submit],
    result: [lower.list, ...panels.map((one) => one.panel)],
  });

  function showInput(): void {
    lower.choose("input");
    frame.choose("result");
    inform("The input is in “My input”.");
  }

  function showResult(): void {
    lower.choose("result");
    frame.choose("result");
  }

  /** The program with its files; `undefined` where the files say what is wrong. */
  function program(): Program | undefined {
    const code = desk.text();
    const taken = files ? files.take(code, desk.language()) : { code };
    if (!taken) {
      lower.choose("files");
      frame.choose("result");
      // Now that it can be seen, it gets the focus.
      files?.take(code, desk.language());
    }
    return taken;
  }

  function startRun(): void {
    if (outcome.running() || outcome.waits("run")) return;
    const input = form.take();
    if (!input) {
      lower.choose("input");
      frame.choose("result");
      // Now that it can be seen, it gets the focus.
      form.take();
      return;
    }
    const what = program();
    if (!what) return;
    desk.save();
    const going = outcome.run(what, desk.language(), input);
    showResult();
    void going;
  }

  function startSubmit(): void {
    if (!problem || outcome.submitting() || outcome.waits("submit")) return;
    const what = program();
    if (!what) return;
    desk.save();
    void outcome.submit(what, desk.text(), desk.language());
    showResult();
  }

  function update(): void {
    bar.update();
    about?.update(desk.language());
    files?.update(desk.language());
    if (files) lower.rename("files", files.count() > 0 ? `Files (${files.count()})` : "Files");
    setBusy(run, outcome.waits("run") ? "Wait…" : outcome.running() && "Running…", "Run");
    if (submit) setBusy(submit, outcome.waits("submit") ? "Wait…" : outcome.submitting() && "Sending…", "Submit");
    if (lower.chosen() === "history") past?.update();
  }

  function press(event: KeyboardEvent): void {
    if (event.isComposing || event.keyCode === 229 || isOpen()) return;
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const isEnter = event.key === "Enter";
    const isSave = event.key.toLowerCase() === "s" && !event.shiftKey;
    if (!isEnter && !isSave) return;
    event.preventDefault();
    if (event.repeat) return;
    if (isSave) {
      desk.save();
      inform(
        kept.get() ? "The draft is kept in this browser." : "The browser keeps no drafts: save your code as a file.",
      );
    } else if (event.shiftKey) startSubmit();
    else startRun();
  }

  function hide(): void {
    if (document.hidden) desk.save();
  }

  const timer = setInterval(bar.update, 1_000);
  document.addEventListener("keydown", press);
  document.addEventListener("visibilitychange", hide);
  if (outcome.resume()) lower.choose("result");
  update();

  return {
    title: problem ? title : "Playground",
    element: frame.element,
    left() {
      clearInterval(timer);
      document.removeEventListener("keydown", press);
      document.removeEventListener("visibilitychange", hide);
      desk.left();
      outcome.left();
      frame.left();
    },
  };
}

function actionButton(name: string, keys: string, onclick: () => void): HTMLButtonElement {
  const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
  const shown = isMac ? keys.replace("Ctrl+", "⌘").replace("Shift+", "⇧").replace("Enter", "↵") : keys;
  const button = h(
    "button",
    { class: "button action", type: "button", title: `${name} (${shown})` },
    h("span", {}, name),
    h("kbd", { "aria-hidden": "true" }, shown),
  );
  // Of a double click the second half is meant for nothing, whoever answers in between.
  button.addEventListener("click", (event) => {
    if (button.getAttribute("aria-disabled") !== "true" && event.detail <= 1) onclick();
  });
  return button;
}

/** Disabled for people, not for the browser: that would take the focus away. */
function setBusy(button: HTMLButtonElement, meanwhile: string | false, name: string): void {
  const text = button.querySelector("span");
  if (text) text.textContent = meanwhile || name;
  button.setAttribute("aria-disabled", String(meanwhile !== false));
}
