// The acts that run or have ended, above every operator's view, with their progress.

import { h, replace } from "../../base/dom.ts";
import { type Act, acts, close, goOn, stop } from "./acts.ts";

export interface Strip {
  element: HTMLElement;
  stop(): void;
}

export function strip(): Strip {
  const element = h("div", { class: "ops-acts" });
  const shown = new Map<string, ReturnType<typeof line>>();
  const end = acts.watch((all) => {
    for (const [key, one] of shown) {
      if (all.some((act) => act.key === key)) continue;
      one.element.remove();
      shown.delete(key);
    }
    for (const act of all) {
      let one = shown.get(act.key);
      if (!one) {
        one = line(act.key);
        shown.set(act.key, one);
        element.append(one.element);
      }
      one.update(act);
    }
  });
  return {
    element,
    stop() {
      end();
      // What was seen to be done is not told again by the next view.
      for (const act of acts.get()) if (act.state === "done") close(act.key);
    },
  };
}

const WORDS = { running: "", stopping: "Stopping…", stopped: "Stopped.", failed: "Failed.", done: "Done." };

function line(key: string) {
  const title = h("strong", {});
  const text = h("span", { class: "ops-act-text" });
  const bar = h("progress", { class: "ops-progress" });
  const why = h("p", { class: "error-text small" });
  const watch = h("span", {});
  const small = (name: string, onclick: () => void) =>
    h("button", { class: "button small", type: "button", onclick }, name);
  const halt = small("Stop", () => stop(key));
  const on = small("Go on", () => goOn(key));
  const shut = small("Close", () => close(key));
  const element = h(
    "section",
    { class: "card ops-act" },
    h("div", { class: "row" }, title, text, watch, h("span", { class: "row ops-tight ops-push" }, halt, on, shut)),
    bar,
    why,
  );
  let state: Act["state"] | undefined;

  function update(act: Act): void {
    element.dataset["state"] = act.state;
    replace(text, `${WORDS[act.state]} ${act.tell(act.counts)}`.trim());
    bar.setAttribute("aria-label", act.title);
    if (act.state === "done") bar.max = bar.value = 1;
    else if (act.total !== undefined) {
      bar.max = Math.max(1, act.total);
      bar.value = Math.min(act.counts.done, act.total);
    } else bar.removeAttribute("value");
    why.hidden = act.why === undefined;
    replace(why, act.why);
    if (state === act.state) return;
    state = act.state;
    const goes = state === "running" || state === "stopping";
    bar.hidden = !goes;
    replace(title, act.title);
    halt.hidden = state !== "running";
    on.hidden = state !== "failed" && state !== "stopped";
    shut.hidden = goes;
    replace(watch, act.watch && h("a", { href: act.watch[0] }, act.watch[1]));
  }

  return { element, update };
}
