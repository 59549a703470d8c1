// The frame around every view: header, banners, notes, and the place for the view.

import { alarm, regions, say } from "./base/announce.ts";
import { h, replace } from "./base/dom.ts";
import { kept } from "./base/storage.ts";
import { choose, theme, type Theme } from "./base/theme.ts";
import { ago } from "./base/time.ts";
import { call, limitedUntil, lostSince } from "./api/client.ts";
import { advice } from "./api/errors.ts";
import { key, refusal } from "./api/key.ts";
import { type Countdown, countdown } from "./base/countdown.ts";
import { openKey } from "./key/index.ts";
import * as operator from "./operator.ts";

const NAV: [string, string][] = [
  ["#/", "Problems"],
  ["#/free", "Playground"],
  ["#/history", "History"],
  ["#/ops", "Operate"],
];

const main = h("main", { id: "view", tabindex: "-1" });
const progress = h("div", { class: "progress", hidden: true });
const banners = h("div", { class: "banners" });
const nav = h(
  "nav",
  { "aria-label": "Views" },
  h(
    "ul",
    {},
    NAV.map(([hash, name]) => h("li", {}, h("a", { href: hash }, name))),
  ),
);

/** Puts the frame into the document. `openDrawer` shows the recorded calls. */
export function mount(openDrawer: () => void): void {
  const header = h(
    "header",
    { class: "top" },
    h("a", { class: "skip", href: "#view", onclick: skip }, "Skip to content"),
    h(
      "a",
      { class: "brand", href: "#/" },
      h("img", { src: "/favicon.svg", alt: "", width: 24, height: 24 }),
      h("span", {}, "edgejudge"),
    ),
    nav,
    connection(),
    themeChoice(),
    keyButton(),
    h(
      "button",
      { class: "button quiet", type: "button", id: "open-drawer", "aria-haspopup": "dialog", onclick: openDrawer },
      "API calls",
    ),
  );
  document.body.append(header, progress, banners, main, ...regions);
  watchBanners();
}

/** Shows a view's element, marks its place in the navigation, and moves the focus to it. */
export function show(element: HTMLElement, title: string, hash: string, first: boolean): void {
  replace(main, element);
  mark(title, hash);
  if (!first) main.focus({ preventScroll: true });
}

/** Names the view that is shown: in the window's title, and by its place in the navigation. */
export function mark(title: string, hash: string): void {
  document.title = title === "" ? "edgejudge" : `${title} · edgejudge`;
  for (const anchor of nav.querySelectorAll("a")) {
    const target = anchor.getAttribute("href") ?? "";
    const here = target === "#/" ? hash === "" || hash === "#" || /^#\/(\?|$|p\/)/.test(hash) : hash.startsWith(target);
    if (here) anchor.setAttribute("aria-current", "page");
    else anchor.removeAttribute("aria-current");
  }
}

/** Shows that a view is being loaded; what takes a moment only shows nothing. */
export function busy(is: boolean): void {
  main.setAttribute("aria-busy", String(is));
  progress.hidden = !is;
}

function skip(event: Event): void {
  event.preventDefault();
  main.focus();
}

/** The pauses between the questions whether the API answers again. */
const PROBE_MS = [2_000, 4_000, 8_000, 15_000];

/** Whether the API answers: shown only when it does not, and asked until it does. */
function connection(): HTMLElement {
  const element = h("span", { class: "connection", hidden: true });
  let timer: ReturnType<typeof setInterval> | undefined;
  let probe: ReturnType<typeof setTimeout> | undefined;
  let wasLost = false;
  let probes = 0;

  /** Any answer will do: the call itself notes that there was one. The health costs nothing. */
  function ask(): void {
    clearTimeout(probe);
    if (lostSince.get() === undefined || document.hidden) return;
    const pause = PROBE_MS[Math.min(probes, PROBE_MS.length - 1)];
    probes += 1;
    probe = setTimeout(
      () =>
        call("/", { timeoutMs: 10_000 })
          .catch(() => undefined)
          .finally(ask),
      pause,
    );
  }
  function askNow(): void {
    if (lostSince.get() === undefined || document.hidden) return;
    probes = 0;
    clearTimeout(probe);
    void call("/", { timeoutMs: 10_000 })
      .catch(() => undefined)
      .finally(ask);
  }
  addEventListener("online", askNow);
  document.addEventListener("visibilitychange", askNow);

  lostSince.watch((since) => {
    clearInterval(timer);
    element.hidden = since === undefined;
    if (since === undefined) {
      clearTimeout(probe);
      if (wasLost) say("The connection is back.");
      wasLost = false;
      return;
    }
    wasLost = true;
    probes = 0;
    // A reader hears it once, not each second.
    say("The connection is lost.");
    const update = () => replace(element, `Connection lost ${ago(since)}`);
    update();
    timer = setInterval(update, 1_000);
    ask();
  });
  return element;
}

/** Says also whether this tab has a key, and whether the API refused it. */
function keyButton(): HTMLElement {
  const button = h("button", {
    class: "button quiet",
    type: "button",
    id: "open-key",
    "aria-haspopup": "dialog",
    onclick: openKey,
  });
  const draw = () => {
    const [sign, words] = refusal.get() ? ["!", "refused"] : key.get() === undefined ? ["", ""] : ["✓", "given"];
    button.classList.toggle("error-text", sign === "!");
    replace(
      button,
      "Key",
      sign !== "" && h("span", { "aria-hidden": "true" }, sign),
      sign !== "" && h("span", { class: "visually-hidden" }, ` ${words}`),
    );
  };
  key.watch(draw);
  refusal.watch(draw);
  return button;
}

function themeChoice(): HTMLElement {
  const options: [Theme, string][] = [
    ["system", "System"],
    ["light", "Light"],
    ["dark", "Dark"],
  ];
  const select = h(
    "select",
    { "aria-label": "Theme", class: "small", onchange: () => choose(select.value as Theme) },
    options.map(([value, name]) => h("option", { value, selected: theme.get() === value }, name)),
  );
  return select;
}

function watchBanners(): void {
  const paused = h(
    "div",
    { class: "banner warning", role: "status" },
    h("span", {}, "The queue is paused: submissions wait."),
    h("button", { class: "button small", type: "button", onclick: resume }, "Resume"),
  );
  const unkept = h(
    "div",
    { class: "banner warning", role: "status" },
    "The browser keeps nothing for this page: drafts and history are lost when you leave.",
  );
  const limited = h("div", { class: "banner warning" });
  let waiting: Countdown | undefined;
  operator.paused.watch((value) => toggle(paused, value === true));
  kept.watch((value) => toggle(unkept, !value));
  limitedUntil.watch((until) => {
    waiting?.stop();
    toggle(limited, until !== undefined);
    if (until === undefined) return;
    const words = (left: string) => `The judge was asked too often. This page goes on by itself in ${left}.`;
    waiting = countdown(until, words, () => limitedUntil.set(undefined));
    replace(limited, waiting.element);
  });
}

function toggle(banner: HTMLElement, wanted: boolean): void {
  if (wanted) banners.append(banner);
  else banner.remove();
}

async function resume(): Promise<void> {
  try {
    await operator.resume();
  } catch (error) {
    alarm(advice(error));
  }
}
