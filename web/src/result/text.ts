// A text that may be large, in a box of its own that scrolls: the beginning at once,
// the rest when asked for, piece by piece, so that the page stays responsive.

import { copyButton } from "../base/clipboard.ts";
import { h, uniqueId } from "../base/dom.ts";
import { bytes } from "../base/time.ts";
import { marked, unseenWords } from "./unseen.ts";

/** UTF-16 units that are shown at first, and that each further piece has. */
export const FIRST = 20_000;
const PIECE = 50_000;
/** In longer texts nothing is marked. */
const MAX_MARKED = 60_000;

export interface TextOptions {
  /** Names the text: "expected". */
  name: string;
  /** The heading, where it differs from the name. */
  title?: string;
  /** What the copy button copies, where the text is only a part of that. */
  whole?: string | undefined;
  /** The nodes that stand for the text, instead of the text itself. */
  nodes?: Node[] | undefined;
  /** A line for each call of a class: such texts scroll together within `texts`. */
  isByCall?: boolean;
  /** What else to say below. */
  remark?: string | undefined;
  /** Turns a text into nodes; unseen characters are marked by default. */
  render?: (text: string) => Node[];
}

/** A figure: heading with the copy button, the text, and what cannot be seen in words. */
export function textBox(text: string, options: TextOptions): HTMLElement {
  const title = options.title ?? options.name.charAt(0).toUpperCase() + options.name.slice(1);
  const id = uniqueId("text");
  const unseen = text.length <= MAX_MARKED ? unseenWords(text) : "";
  const breaks = /^\n+$/.test(text) ? text.length : 0;
  const blank = breaks > 0 && (breaks === 1 ? "One empty line, nothing else." : `${breaks} empty lines, nothing else.`);
  const remarks = [blank, unseen && `Holds ${unseen}.`, options.remark].filter(Boolean).join(" ");
  const body = h("pre", { tabindex: "0", role: "group", "aria-labelledby": id });
  const box = h(
    "div",
    { class: options.isByCall ? "r-text r-by-call" : "r-text" },
    h(
      "div",
      { class: "r-text-head" },
      h("h4", { id }, title),
      copyButton(options.name, () => options.whole ?? text),
    ),
    body,
  );
  if (text === "") {
    body.append(h("span", { class: "muted" }, "(empty)"));
  } else if (options.nodes) {
    body.append(...options.nodes);
  } else {
    fill(text, body, box, options.render ?? ((text) => marked(text)));
  }
  if (remarks) box.append(h("p", { class: "r-remark" }, remarks));
  return box;
}

/** A place for texts beside each other. A line of one stays beside that of the others. */
export function texts(...boxes: HTMLElement[]): HTMLElement {
  const place = h("div", { class: "r-texts" }, boxes);
  const scrolled = ({ target }: Event) => {
    const all = [...place.querySelectorAll(".r-by-call pre")];
    const moved = all.find((one) => one === target);
    if (moved) for (const one of all) one.scrollTop = moved.scrollTop;
  };
  place.addEventListener("scroll", scrolled, true);
  return place;
}

function fill(text: string, body: HTMLElement, box: HTMLElement, render: (text: string) => Node[]): void {
  if (text.length <= FIRST + 2_000) {
    body.append(...render(text));
    return;
  }
  const end = cut(text, FIRST);
  body.append(...render(text.slice(0, end)));
  const size = bytes(new TextEncoder().encode(text).length);
  const more = h("button", { class: "button small", type: "button", onclick: () => void all() }, "Show all");
  const state = h("span", { class: "muted" }, `The first ${bytes(end)} of ${size}.`);
  box.append(h("div", { class: "row small r-more" }, state, more));

  async function all(): Promise<void> {
    more.disabled = true;
    let at = end;
    while (at < text.length && body.isConnected) {
      const to = cut(text, at + PIECE);
      const piece = text.slice(at, to);
      const joined = text.charAt(at - 1) === "\n";
      body.append(
        h(
          "div",
          { class: joined ? "r-piece" : "r-piece r-goes-on" },
          piece.endsWith("\n") ? piece.slice(0, -1) : piece,
        ),
      );
      at = to;
      state.textContent = `${Math.round((at / text.length) * 100)} % of ${size}.`;
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    state.textContent = `All of ${size}.`;
    more.remove();
  }
}

/** The end of a piece: after a line break if one is near, and never within a character. */
function cut(text: string, at: number): number {
  if (at >= text.length) return text.length;
  const line = text.lastIndexOf("\n", at - 1) + 1;
  if (line > at - 4_000) return line;
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at + 1 : at;
}
