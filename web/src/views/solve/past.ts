// The submissions of this problem from this browser.

import { h, replace } from "../../base/dom.ts";
import { duration, time } from "../../base/time.ts";
import { all, type Remembered } from "../../history.ts";
import { verdictBadge } from "../../result/index.ts";
import { link } from "../../router.ts";
import { languageName } from "../../languages.ts";

export interface Past {
  element: HTMLElement;
  update(): void;
}

/** `use` puts a submission's code into the editor. */
export function past(problemId: string, use: (submission: Remembered) => void): Past {
  const element = h("div", { class: "past" });
  const update = () => {
    const mine = all().filter((one) => one.problemId === problemId);
    replace(
      element,
      mine.length === 0
        ? h("p", { class: "empty" }, "Nothing submitted from this browser yet.")
        : h(
            "ul",
            { class: "past-list" },
            mine.map((one) => row(one, use)),
          ),
    );
  };
  return { element, update };
}

function row(one: Remembered, use: (submission: Remembered) => void): HTMLElement {
  const { passed, total, cpuTimeMs } = one.end ?? {};
  const name = languageName(one.language);
  return h(
    "li",
    {},
    h(
      "a",
      { href: link("s", one.id), "aria-label": "Open the submission" },
      verdictBadge(one.end?.verdict ?? "queued"),
    ),
    h("span", {}, name),
    h(
      "span",
      { class: "muted small" },
      [
        total === undefined ? undefined : `${passed ?? 0} of ${total} cases`,
        cpuTimeMs === undefined ? undefined : duration(cpuTimeMs),
      ]
        .filter(Boolean)
        .join(" · "),
    ),
    h("span", { class: "muted small past-time" }, time(one.submittedAtMs)),
    one.code !== "" &&
      h("button", { class: "button quiet small", type: "button", onclick: () => use(one) }, "Edit this code"),
  );
}
