// The operator's views: a key first, then the dashboard (`#/ops`), the dead letters
// (`#/ops/dead`) or the problems (`#/ops/problems`). What they have in common is here:
// their navigation, the acts that run, and the way out.

import { forgetKey, key as kept, refusal } from "../../api/key.ts";
import { h, replace } from "../../base/dom.ts";
import type { Route } from "../../router.ts";
import type { OpenView } from "../../view.ts";
import { dashboard } from "./dashboard.ts";
import { dead } from "./dead.ts";
import { gate } from "./gate.ts";
import { problems } from "./problems.ts";
import { strip } from "./strip.ts";

/** One of the operator's views, open. */
export interface Part {
  element: HTMLElement;
  /** Ends timers and calls. */
  stop(): void;
  /** The address changed within the same view. */
  moved?(route: Route): void;
}

const PARTS: Record<string, { name: string; hash: string; open: (route: Route) => Part }> = {
  "": { name: "Dashboard", hash: "#/ops", open: dashboard },
  dead: { name: "Dead letters", hash: "#/ops/dead", open: dead },
  problems: { name: "Publish and rejudge", hash: "#/ops/problems", open: problems },
};

export const open: OpenView = (opened) => {
  let route = opened;
  const key = () => route.parts[1] ?? "";
  const mine = key();
  const found = PARTS[mine];
  if (!found) {
    const back = h("p", {}, "This address leads nowhere. ", h("a", { href: "#/ops" }, "See the dashboard"), ".");
    return { title: "Nothing here", element: h("section", { class: "page" }, h("h1", {}, "Nothing here"), back) };
  }

  const forget = h("button", { class: "button small", type: "button", onclick: () => forgetKey() }, "Forget the key");
  const links = Object.entries(PARTS).map(([name, { name: text, hash }]) =>
    h("li", {}, h("a", { href: hash, "aria-current": name === mine && "page" }, text)),
  );
  const body = h("div", { class: "ops-body" });
  const acting = strip();
  const nav = h("nav", { "aria-label": "Operator's views" }, h("ul", {}, links));
  const element = h(
    "section",
    { class: "page ops" },
    h("div", { class: "ops-head" }, h("h1", { tabindex: "-1" }, found.name), nav, forget),
    acting.element,
    body,
  );
  let part: Part | undefined;
  let isShown = false;

  /** Shows the form or the view, whichever the key allows. */
  function settle(): void {
    const isAsked = kept.get() === undefined || refusal.get() !== undefined;
    part?.stop();
    part = isAsked ? undefined : found?.open(route);
    nav.hidden = acting.element.hidden = isAsked;
    forget.hidden = kept.get() === undefined;
    replace(body, part ? part.element : gate());
    if (!isShown) return;
    if (part) element.querySelector("h1")?.focus();
    else body.querySelector("input")?.focus();
  }

  let last: unknown;
  /** Once for each key, and once when it is refused. */
  function changed(): void {
    const now = `${kept.get()} ${refusal.get() !== undefined}`;
    if (now === last) return;
    last = now;
    settle();
  }
  const ends = [kept.watch(changed), refusal.watch(changed)];
  return {
    title: found.name,
    element,
    shown() {
      isShown = true;
    },
    left() {
      for (const end of ends) end();
      acting.stop();
      part?.stop();
      part = undefined;
    },
    moved(to) {
      if ((to.parts[1] ?? "") !== mine) return false;
      route = to;
      part?.moved?.(to);
      return true;
    },
  };
};
