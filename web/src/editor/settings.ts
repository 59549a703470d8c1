// How people like their editor. Kept in the browser, for all problems.

import { read, write } from "../base/storage.ts";
import { store } from "../base/store.ts";

export interface Settings {
  /** In CSS pixels. */
  fontSize: number;
  tabWidth: number;
  wrap: boolean;
}

export const FONT_SIZES = { least: 10, most: 28 };
export const TAB_WIDTHS = [2, 4, 8];

const KEY = "editor";

function stored(): Settings {
  const { fontSize, tabWidth, wrap } = read<Partial<Settings>>(KEY) ?? {};
  return {
    fontSize: typeof fontSize === "number" ? clamp(fontSize) : 14,
    tabWidth: TAB_WIDTHS.find((width) => width === tabWidth) ?? 4,
    wrap: wrap === true,
  };
}

function clamp(size: number): number {
  return Math.min(FONT_SIZES.most, Math.max(FONT_SIZES.least, Math.round(size)));
}

export const settings = store<Settings>(stored());

/** Changes some of the settings, for every editor and for later. */
export function change(some: Partial<Settings>): void {
  const next = { ...settings.get(), ...some };
  next.fontSize = clamp(next.fontSize);
  write(KEY, next);
  settings.set(next);
}
