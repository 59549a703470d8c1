// Two submissions side by side, `#/compare/A/B`: their code, and their cases.

import { advice } from "../../api/errors.ts";
import { isAboutKeys } from "../../api/key.ts";
import { resultOf } from "../../api/results.ts";
import type { Result } from "../../api/types.ts";
import { h, replace } from "../../base/dom.ts";
import { bytes, duration, time } from "../../base/time.ts";
import { endOf, find, type Remembered } from "../../history.ts";
import { languageName } from "../../languages.ts";
import { keyPanel } from "../../key/index.ts";
import { verdictBadge } from "../../result/index.ts";
import { errorWords } from "../../result/live.ts";
import { link } from "../../router.ts";
import type { OpenView, View } from "../../view.ts";
import { casesTable } from "./cases.ts";

interface Side {
  id: string;
  /** "A" or "B". */
  name: string;
  mine: Remembered | undefined;
  result?: Result;
  error?: unknown;
}

export const open: OpenView = (route) => {
  if (!route.parts[1] || !route.parts[2]) return nothingToCompare();
  const sides: [Side, Side] = [side("A", route.parts[1] ?? ""), side("B", route.parts[2] ?? "")];
  const heads = h("div", { class: "c-heads" });
  const cases = h("div", {});
  const code = h("div", {});
  const element = h("section", { class: "page c-page" }, h("h1", {}, "Compare"), heads, code, cases);
  let endCode: (() => void) | undefined;
  let left = false;

  function draw(): void {
    const [a, b] = sides;
    const refused = [a.error, b.error].find(isAboutKeys);
    replace(heads, ...(refused ? [keyPanel(refused, loadAll)] : sides.map(head)));
    replace(cases, h("h2", {}, "Case by case"));
    if (a.result?.status === "done" && b.result?.status === "done") {
      cases.append(...casesTable(a.result, b.result));
    } else {
      cases.append(h("p", { class: "muted" }, "Both must have been judged."));
    }
  }

  async function load(one: Side): Promise<void> {
    delete one.error;
    try {
      one.result = await resultOf(one.id);
    } catch (error) {
      one.error = error;
    }
  }

  async function showCode(): Promise<void> {
    const [a, b] = sides;
    const texts = [a.mine?.code ?? "", b.mine?.code ?? ""] as const;
    code.append(h("h2", {}, "Code"));
    const missing = sides.filter((_, at) => texts[at] === "").map(({ name }) => name);
    if (missing.length > 0) {
      const which = missing.length === 2 ? "of both" : `of ${missing[0]}`;
      code.append(h("p", { class: "muted" }, `This browser does not have the code ${which}.`));
    }
    if (missing.length === 2) return;
    try {
      const { mergeBox } = await import("./code.ts");
      if (left) return;
      const box = mergeBox(texts[0], texts[1], [a.mine?.language ?? "", b.mine?.language ?? ""]);
      endCode = box.destroy;
      code.append(box.element);
    } catch (error) {
      code.append(h("p", { class: "error-text" }, advice(error)));
    }
  }

  function loadAll(): void {
    void Promise.all(sides.map(load)).then(() => {
      if (!left) draw();
    });
  }

  draw();
  loadAll();
  return {
    title: "Compare",
    element,
    shown: () => void showCode(),
    left() {
      left = true;
      endCode?.();
    },
  };
};

function nothingToCompare(): View {
  const words = "Two submissions are compared. Tick them in ";
  const where = h("a", { href: link("history") }, "your submissions");
  return {
    title: "Compare",
    element: h("section", { class: "page c-page" }, h("h1", {}, "Compare"), h("p", {}, words, where, ".")),
  };
}

function side(name: string, id: string): Side {
  return { id, name, mine: find(id) };
}

function head({ id, name, mine, result, error }: Side): HTMLElement {
  const done = result?.status === "done" ? result : undefined;
  const end = result && result.status !== "queued" ? endOf(result) : mine?.end;
  const language = done?.language ?? mine?.language;
  const problemId = done?.problemId ?? mine?.problemId;
  const submittedAtMs = result?.submittedAtMs ?? mine?.submittedAtMs;
  const facts = [
    end?.total !== undefined && `Passed ${end.passed} of ${end.total}`,
    end?.cpuTimeMs !== undefined && duration(end.cpuTimeMs),
    end?.memoryBytes !== undefined && bytes(end.memoryBytes),
    language && languageName(language),
  ].filter(Boolean);
  return h(
    "div",
    { class: "card c-head" },
    h(
      "div",
      { class: "row" },
      h("span", { class: "c-name" }, name),
      end ? verdictBadge(end.verdict) : result ? verdictBadge("queued") : undefined,
    ),
    error !== undefined && h("p", { class: "error-text" }, errorWords(error)),
    problemId && h("p", {}, mine?.title ?? problemId),
    h("p", { class: "muted small" }, facts.join(" · ")),
    h(
      "p",
      { class: "muted small" },
      submittedAtMs !== undefined && ["Submitted ", time(submittedAtMs), " · "],
      h("a", { href: link("s", id) }, `Open ${name}`),
    ),
  );
}
