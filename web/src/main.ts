// The start: puts the frame up and opens the view that the address names.

import { h } from "./base/dom.ts";
import { alarm } from "./base/announce.ts";
import { advice } from "./api/errors.ts";
import { link, parse, type Route } from "./router.ts";
import * as operator from "./operator.ts";
import * as shell from "./shell.ts";
import type { OpenView, View } from "./view.ts";

type Load = () => Promise<{ open: OpenView }>;

/** By the first part of the address. */
const VIEWS: Record<string, Load> = {
  "": () => import("./views/problems/index.ts"),
  p: () => import("./views/solve/index.ts"),
  free: () => import("./views/solve/index.ts"),
  s: () => import("./views/submission/index.ts"),
  history: () => import("./views/history/index.ts"),
  compare: () => import("./views/compare/index.ts"),
  ops: () => import("./views/ops/index.ts"),
};

/** Marks that the page was loaded anew because a part of it was gone. */
const RELOADED = "edgejudge:reloaded";

let current: View | undefined;
let currentName: string | undefined;
/** Counts openings, so that of two at once the later one is shown. */
let opening = 0;

async function open(route: Route): Promise<void> {
  const name = route.parts[0] ?? "";
  if (current && name === currentName && current.moved?.(route)) return;
  opening += 1;
  const mine = opening;
  const load = VIEWS[name];
  const view = load ? await openOr(load, route) : nothingHere();
  if (mine !== opening || !view) {
    view?.left?.();
    return;
  }
  current?.left?.();
  const first = current === undefined;
  current = view;
  currentName = name;
  shell.show(view.element, view.title, route.hash, first);
  view.shown?.();
}

async function openOr(load: Load, route: Route): Promise<View | undefined> {
  let module: { open: OpenView };
  try {
    module = await load();
  } catch (error) {
    return reloadOnce(error);
  }
  try {
    return await module.open(route);
  } catch (error) {
    return failed(advice(error));
  }
}

/** A part that is gone after a deployment: the new page has it under another name. */
function reloadOnce(error: unknown): View | undefined {
  const last = Number(sessionStorage.getItem(RELOADED) ?? 0);
  if (Date.now() - last < 10_000)
    return failed(`A part of this page could not be loaded (${String(error)}). Reload it later.`);
  sessionStorage.setItem(RELOADED, String(Date.now()));
  current?.left?.();
  location.reload();
  return undefined;
}

function failed(text: string): View {
  const again = h(
    "button",
    { class: "button", type: "button", onclick: () => void open(parse(location.hash)) },
    "Try again",
  );
  return {
    title: "Error",
    element: h("section", { class: "page" }, h("h1", {}, "This did not work"), h("p", {}, text), again),
  };
}

function nothingHere(): View {
  return {
    title: "Nothing here",
    element: h(
      "section",
      { class: "page" },
      h("h1", {}, "Nothing here"),
      h("p", {}, "This address leads nowhere. ", h("a", { href: link() }, "See the problems"), "."),
    ),
  };
}

shell.mount(() => {
  import("./views/drawer/index.ts").then(
    (drawer) => drawer.toggle(),
    (error) => alarm(advice(error)),
  );
});
addEventListener("hashchange", () => void open(parse(location.hash)));
addEventListener("pagehide", () => current?.left?.());
// The browser brings the page back as it was, but the view has been left.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  current = undefined;
  void open(parse(location.hash));
});
void open(parse(location.hash));
if (operator.token.get()) operator.stats().catch(() => undefined);
