// A bar between two parts of the view, moved by pointer and by arrow keys. Where it
// stands is kept in the browser, as the share of the first part in percent.

import { h } from "../../base/dom.ts";
import { read, write } from "../../base/storage.ts";

export interface DividerOptions {
  /** Names what it changes: "Width of the statement". */
  label: string;
  /** Where it is kept. */
  key: string;
  /** `vertical`: a bar between left and right. */
  orientation: "vertical" | "horizontal";
  /** In percent. */
  initial: number;
  /** The element whose size is shared, and the custom property that gets the share. */
  container: HTMLElement;
  property: string;
}

const LEAST = 20;
const MOST = 80;
const STEP = 2;

export function divider(options: DividerOptions): HTMLElement {
  const { label, key, orientation, initial, container, property } = options;
  const isVertical = orientation === "vertical";
  const kept = read<unknown>(key);
  let share = typeof kept === "number" ? kept : initial;
  const element = h("div", {
    class: `divider ${orientation}`,
    role: "separator",
    tabindex: "0",
    "aria-label": label,
    "aria-orientation": orientation,
    "aria-valuemin": LEAST,
    "aria-valuemax": MOST,
    onkeydown: press,
    onpointerdown: take,
    ondblclick: () => set(initial, true),
  });

  function set(value: number, keep: boolean): void {
    share = Math.min(MOST, Math.max(LEAST, value));
    element.setAttribute("aria-valuenow", String(Math.round(share)));
    container.style.setProperty(property, `${share}%`);
    if (keep) write(key, Math.round(share * 10) / 10);
  }

  function press(event: KeyboardEvent): void {
    const [less, more] = isVertical ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
    const to = { [less]: share - STEP, [more]: share + STEP, Home: LEAST, End: MOST }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    set(to, true);
  }

  function take(event: PointerEvent): void {
    if (event.button !== 0) return;
    event.preventDefault();
    element.setPointerCapture(event.pointerId);
    const box = container.getBoundingClientRect();
    const move = (at: PointerEvent) => {
      const part = isVertical ? (at.clientX - box.left) / box.width : (at.clientY - box.top) / box.height;
      set(part * 100, false);
    };
    const drop = () => {
      element.removeEventListener("pointermove", move);
      set(share, true);
    };
    element.addEventListener("pointermove", move);
    element.addEventListener("lostpointercapture", drop, { once: true });
  }

  set(share, false);
  return element;
}
