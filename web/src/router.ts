// Views by the address's fragment, such as `#/p/two-sum`. A fragment never reaches
// the server, so no view collides with a path of the API.

export interface Route {
  /** The parts between slashes, decoded: `["p", "two-sum"]`. */
  parts: string[];
  /** What stands after `?` in the fragment. */
  query: URLSearchParams;
  /** The fragment as a whole, as the address has it. */
  hash: string;
}

export function parse(hash: string): Route {
  const text = hash.replace(/^#\/?/, "");
  const [path = "", query = ""] = text.split("?", 2);
  return { parts: path.split("/").filter(Boolean).map(decode), query: new URLSearchParams(query), hash };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of a view: `link("p", "two-sum")` is `#/p/two-sum`. */
export function link(...parts: string[]): string {
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

/** Goes to a view, and adds it to the browser's history. */
export function go(hash: string): void {
  location.hash = hash;
}

/** Changes the address without a new entry in the history, and without a new view. */
export function rewrite(hash: string): void {
  history.replaceState(history.state, "", hash);
}
