// A wait that is shown in words: seen counting down, and said to a reader once.

import { say } from "./announce.ts";
import { h } from "./dom.ts";

/** "1 second", "45 seconds", "2 minutes". */
export function inWords(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1_000));
  const [number, unit] = seconds < 100 ? [seconds, "second"] : [Math.ceil(seconds / 60), "minute"];
  return `${number} ${unit}${number === 1 ? "" : "s"}`;
}

export interface Countdown {
  element: HTMLElement;
  stop(): void;
}

/** `words` gets how long is left; `over` is called at the end, unless it was stopped. */
export function countdown(untilMs: number, words: (left: string) => string, over: () => void): Countdown {
  // In no live region: each second would be said.
  const element = h("span", { class: "countdown" });
  const tick = () => {
    const left = untilMs - Date.now();
    element.textContent = words(inWords(left));
    if (left > 0) return;
    clearInterval(timer);
    over();
  };
  say(words(inWords(untilMs - Date.now())));
  const timer = setInterval(tick, 250);
  element.textContent = words(inWords(untilMs - Date.now()));
  return { element, stop: () => clearInterval(timer) };
}
