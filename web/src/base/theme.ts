// Light, dark, or as the system has it. `theme-boot.ts` applies the choice before
// the first frame; styles follow `color-scheme` and `light-dark()`.

import { read, remove, write } from "./storage.ts";
import { store } from "./store.ts";

export type Theme = "system" | "light" | "dark";

const KEY = "theme";

export const theme = store<Theme>(read<Theme>(KEY) ?? "system");

export function choose(value: Theme): void {
  if (value === "system") remove(KEY);
  else write(KEY, value);
  apply(value);
  theme.set(value);
}

/** Sets the theme of the document. */
export function apply(value: Theme): void {
  document.documentElement.dataset.theme = value;
}

/** Whether the page is dark now. */
export function isDark(): boolean {
  const value = theme.get();
  return value === "dark" || (value === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
}

/** Calls `listener` whenever the page turns light or dark. */
export function onTurn(listener: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", listener);
  const end = theme.watch(listener);
  return () => {
    system.removeEventListener("change", listener);
    end();
  };
}
