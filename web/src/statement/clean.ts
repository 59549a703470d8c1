// Makes HTML of an author fit for the page: only elements and attributes of a list,
// no names that could shadow the page's own, links and pictures that reach no other
// host by themselves.

import DOMPurify from "dompurify";
import { h } from "../base/dom.ts";
import { MATHS } from "./markdown.ts";

const TAGS =
  "a abbr b blockquote br caption code dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td tfoot th thead tr u ul var";
const ATTRIBUTES = "align alt colspan dir height href lang open reversed rowspan src start title width";

/** Nodes for the page, of HTML that nobody has looked at. */
export function clean(html: string): DocumentFragment {
  // The fragment belongs to a document without a window until it is put into the
  // page, so nothing in it is loaded before `pictures` has looked at it.
  const fragment = DOMPurify.sanitize(html, {
    RETURN_DOM_FRAGMENT: true,
    ALLOWED_TAGS: TAGS.split(" "),
    ALLOWED_ATTR: [...ATTRIBUTES.split(" "), MATHS],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    FORBID_CONTENTS: ["style", "script", "noscript", "template", "title", "textarea", "select", "iframe", "object"],
  });
  pictures(fragment);
  headings(fragment);
  links(fragment);
  boxes(fragment);
  return fragment;
}

/** Pictures of this host and those that the text holds are shown; others become a link. */
function pictures(root: DocumentFragment): void {
  for (const image of root.querySelectorAll("img")) {
    const source = image.getAttribute("src") ?? "";
    const alt = image.getAttribute("alt") ?? "";
    if (isOurs(source)) {
      image.setAttribute("loading", "lazy");
      continue;
    }
    const url = absolute(source);
    // Within a link the text is enough: links do not nest.
    const text = `Picture: ${alt || url?.host || "missing"}`;
    image.replaceWith(url && !image.closest("a") ? h("a", { href: url.href }, text) : text);
  }
}

/**
 * Whether a picture may be loaded: data, or a file of this host. Other paths of this
 * host are the API, whose GET calls can do something, so a picture must look like one.
 */
function isOurs(source: string): boolean {
  if (/^data:image\//i.test(source)) return true;
  if (!URL.canParse(source, location.href)) return false;
  const url = new URL(source, location.href);
  return url.origin === location.origin && /\.(?:png|jpe?g|gif|svg|webp|avif)$/i.test(url.pathname);
}

/** An address of the web, or of a mailbox; `undefined` for anything else. */
function absolute(address: string): URL | undefined {
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  return ["http:", "https:", "mailto:"].includes(url.protocol) ? url : undefined;
}

/** The page has one `h1`, its title: the statement's highest heading becomes an `h2`. */
function headings(root: DocumentFragment): void {
  const all = [...root.querySelectorAll("h1, h2, h3, h4, h5, h6")];
  const level = (heading: Element) => Number(heading.tagName.slice(1));
  const shift = 2 - Math.min(...all.map(level));
  for (const heading of all) {
    const to = Math.min(6, level(heading) + shift) as 2 | 3 | 4 | 5 | 6;
    const moved = h(`h${to}`);
    moved.append(...heading.childNodes);
    heading.replaceWith(moved);
  }
}

/** Links to the web open beside the page, links to a heading scroll, others become text. */
function links(root: DocumentFragment): void {
  for (const anchor of root.querySelectorAll("a")) {
    const address = (anchor.getAttribute("href") ?? "").trim();
    const url = absolute(address);
    if (url) {
      anchor.setAttribute("href", url.href);
      anchor.setAttribute("target", "_blank");
      anchor.setAttribute("rel", "noopener noreferrer");
    } else if (address.startsWith("#/")) {
      // A view of this page.
    } else if (!jumpTo(anchor, address, root)) {
      anchor.replaceWith(...anchor.childNodes);
    }
  }
}

/** The page's views have the fragment to themselves, so a link to a heading scrolls by script. */
function jumpTo(anchor: HTMLAnchorElement, address: string, root: DocumentFragment): boolean {
  if (!address.startsWith("#")) return false;
  const wanted = slug(decode(address.slice(1)));
  const heading = [...root.querySelectorAll<HTMLElement>("h2, h3, h4, h5, h6")].find(
    (one) => slug(one.textContent ?? "") === wanted,
  );
  if (!heading) return false;
  heading.tabIndex = -1;
  anchor.setAttribute("href", location.hash || "#/");
  anchor.addEventListener("click", (event) => {
    event.preventDefault();
    heading.scrollIntoView();
    heading.focus({ preventScroll: true });
  });
  return true;
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s-]/gu, "")
    .trim()
    .replace(/\s/g, "-");
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What may be wider than the page scrolls in a box of its own, also by keyboard. */
function boxes(root: DocumentFragment): void {
  for (const code of root.querySelectorAll("pre")) code.tabIndex = 0;
  for (const table of root.querySelectorAll("table")) {
    if (table.parentElement?.closest("table")) continue;
    const box = h("div", { class: "scroll-x", tabindex: 0 });
    table.replaceWith(box);
    box.append(table);
  }
}
