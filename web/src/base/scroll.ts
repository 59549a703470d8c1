// Where the page was scrolled to, for each entry of the browser's history. The
// browser's own memory is of no use: a view is put in its place only after the
// address has changed.

const KEY = "edgejudge:scroll";
/** How long a view may take to grow to its old height. */
const PATIENCE_MS = 4_000;
const MAX_ENTRIES = 50;

let positions: [string, number][] = stored();
let current = "";

function stored(): [string, number][] {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

export function start(): void {
  history.scrollRestoration = "manual";
  current = key();
  addEventListener("pagehide", () => {
    remember();
    try {
      sessionStorage.setItem(KEY, JSON.stringify(positions));
    } catch {
      // Then a reload begins at the top.
    }
  });
}

/** To be called when the address has changed, before the view does. */
export function changed(): void {
  remember();
  current = key();
}

/** To be called when the view of the present address stands: goes to where it was, or to the top. */
export function restore(): void {
  const wanted = positions.find(([name]) => name === current)?.[1] ?? 0;
  scrollTo(0, wanted);
  if (Math.abs(scrollY - wanted) > 1) whenItGrows(wanted);
}

function remember(): void {
  positions = [[current, scrollY] as [string, number], ...positions.filter(([name]) => name !== current)];
  positions.length = Math.min(positions.length, MAX_ENTRIES);
}

/** The name of this entry of the history; a new one gets one. */
function key(): string {
  const state = history.state as { entry?: string } | null;
  if (typeof state?.entry === "string") return state.entry;
  const entry = crypto.randomUUID?.() ?? String(Math.random());
  history.replaceState({ ...state, entry }, "");
  return entry;
}

function whenItGrows(wanted: number): void {
  const end = new AbortController();
  const watcher = new ResizeObserver(() => {
    scrollTo(0, wanted);
    if (Math.abs(scrollY - wanted) <= 1) end.abort();
  });
  watcher.observe(document.body);
  end.signal.addEventListener("abort", () => watcher.disconnect());
  // Whoever scrolls or types meanwhile is not pulled away.
  for (const what of ["wheel", "touchmove", "keydown", "pointerdown", "hashchange"]) {
    addEventListener(what, () => end.abort(), { signal: end.signal, passive: true });
  }
  setTimeout(() => end.abort(), PATIENCE_MS);
}
