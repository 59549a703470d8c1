// What a view is. Each lives in a folder of `views/` whose `index.ts` exports
// `open: OpenView`; `main.ts` loads it when it is first asked for.

import type { Route } from "./router.ts";

export interface View {
  /** For the window's title. */
  title: string;
  element: HTMLElement;
  /** Called once the element is in the document. */
  shown?(): void;
  /** Called when the view is left for another one: ends timers and connections, saves. */
  left?(): void;
  /**
   * The address changed within the same view, such as a filter. Returns whether the
   * view took it; if not, it is left and opened anew.
   */
  moved?(route: Route): boolean;
}

export type OpenView = (route: Route) => View | Promise<View>;
