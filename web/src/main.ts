// The start: puts the frame up and opens the view that the address names.

import { h } from "./base/dom.ts";
import { alarm } from "./base/announce.ts";
import { noticeLoss } from "./api/client.ts";
import { advice } from "./api/errors.ts";
import { isAboutKeys } from "./api/key.ts";
import { keyPanel } from "./key/index.ts";
import { link, parse, type Route } from "./router.ts";
import * as operator from "./operator.ts";
import * as scroll from "./base/scroll.ts";
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

/** The build that was loaded anew because a part of it was gone. */
const RELOADED = "edgejudge:reloaded";

let current: View | undefined;
let currentName: string | undefined;
/** Counts openings, so that of two at once the later one is shown. */
let opening = 0;

async function open(route: Route): Promise<void> {
  const name = route.parts[0] ?? "";
  opening += 1;
  const mine = opening;
  if (current && name === currentName && current.moved?.(route)) {
    shell.mark(current.title, route.hash);
    scroll.restore();
    return;
  }
  shell.busy(true);
  const load = Object.hasOwn(VIEWS, name) ? VIEWS[name] : undefined;
  const view = load ? await openOr(load, route) : nothingHere();
  if (mine !== opening || !view) {
    view?.left?.();
    return;
  }
  shell.busy(false);
  current?.left?.();
  const first = current === undefined;
  current = view;
  currentName = name;
  shell.show(view.element, view.title, route.hash, first);
  view.shown?.();
  scroll.restore();
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
    if (!isAboutKeys(error)) return failed(advice(error));
    const panel = keyPanel(error, reopen, "h1");
    return { title: "Key", element: h("section", { class: "page" }, panel) };
  }
}

/**
 * A part that is gone after a deployment: the new page has it under another name.
 * Each build is reloaded once, and only when the server answers: a page that is
 * offline is better kept.
 */
async function reloadOnce(error: unknown): Promise<View | undefined> {
  const build = import.meta.url;
  const isServed = await fetch("/", { cache: "no-store", headers: { accept: "text/html" } }).then(
    (response) => response.ok,
    () => false,
  );
  if (!isServed) {
    noticeLoss();
    return failed("The server cannot be reached. Check the connection and try again.");
  }
  let isNew = false;
  try {
    isNew = sessionStorage.getItem(RELOADED) !== build;
    sessionStorage.setItem(RELOADED, build);
  } catch {
    // Nothing can be marked, and an endless loop would be worse than a button.
  }
  if (!isNew) return failed(`A part of this page could not be loaded. Try again later. (${String(error)})`, reload);
  current?.left?.();
  current = undefined;
  reload();
  return undefined;
}

function reload(): void {
  location.reload();
}

function reopen(): void {
  void open(parse(location.hash));
}

function failed(text: string, again: () => void = reopen): View {
  return {
    title: "Error",
    element: h(
      "section",
      { class: "page", role: "alert" },
      h("h1", {}, "This did not work"),
      h("p", {}, text),
      h("button", { class: "button", type: "button", onclick: again }, "Try again"),
      " ",
      h("a", { href: link() }, "See the problems"),
    ),
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

/** Opens and closes the tester's drawer, and brings the focus back to its button. */
function drawer(): void {
  import("./views/drawer/index.ts").then(
    (module) => module.toggle(),
    (error) => alarm(`The list of calls could not be loaded. Reload the page. (${String(error)})`),
  );
}

shell.mount(drawer);
scroll.start();
addEventListener("hashchange", () => {
  scroll.changed();
  reopen();
});
addEventListener("pagehide", () => current?.left?.());
// The browser brings the page back as it was, but the view has been left.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  current = undefined;
  reopen();
});
reopen();
if (operator.operates()) operator.stats().catch(() => undefined);
