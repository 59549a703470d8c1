// `#/ops`: the queue in numbers and charts, asked for at an interval that is chosen.

import { alarm } from "../../base/announce.ts";
import { advice } from "../../api/errors.ts";
import { h, replace } from "../../base/dom.ts";
import * as operator from "../../operator.ts";
import { throughput, waiting } from "./charts.ts";
import { endpoints } from "./endpoints.ts";
import type { Part } from "./index.ts";
import { commands, latency, verdicts } from "./measures.ts";
import { poll } from "../../api/poll.ts";
import { purging, scheduled } from "./queue.ts";
import { chosenMs, refresh } from "./refresh.ts";
import { breakOff, collect } from "./series.ts";
import { tiles } from "./tiles.ts";

/** What `GET /stats` costs. */
const COMMANDS = 14;
/** Numbers that another part of the page has just asked for are taken as they are. */
const FRESH_MS = 5_000;

export function dashboard(): Part {
  const asking = poll(async () => void (await operator.stats()), chosenMs());
  const bar = refresh("Numbers", asking, COMMANDS);
  const now = tiles();
  const shown = [throughput(), waiting()];
  const measures = [latency(), commands(), verdicts()];
  const purge = purging(() => void asking.now());
  const later = scheduled();
  const health = endpoints();
  const numbers = h(
    "div",
    { class: "ops-stack" },
    now.element,
    h(
      "div",
      { class: "ops-grid" },
      shown.map((chart) => chart.element),
      measures.map((measure) => measure.element),
    ),
  );
  const pause = h("button", { class: "button", type: "button", onclick: () => void turn() });

  async function turn(): Promise<void> {
    pause.disabled = true;
    try {
      await (operator.paused.get() ? operator.resume() : operator.pause());
    } catch (error) {
      alarm(advice(error));
    }
    pause.disabled = false;
  }

  const ends = [
    operator.paused.watch((paused) => {
      pause.hidden = paused === undefined;
      pause.classList.toggle("primary", paused === true);
      replace(pause, paused ? "Resume the queue" : "Pause the queue");
    }),
    operator.latest.watch((told) => {
      numbers.hidden = told === undefined;
      if (!told) return;
      collect(told.stats.waiting, told.atMs);
      for (const one of [now, ...shown, ...measures, purge, later]) one.update(told.stats);
    }),
    asking.state.watch(({ error, nextAtMs, busy }) => {
      numbers.classList.toggle("ops-stale", error !== undefined);
      // Nobody looks while it fails, is hidden or is off: the line is not drawn through.
      if (error !== undefined || (!busy && nextAtMs === undefined)) breakOff();
    }),
  ];
  const told = operator.latest.get();
  asking.start(told && Date.now() - told.atMs < FRESH_MS ? told.atMs : undefined);

  return {
    element: h(
      "div",
      { class: "ops-stack" },
      h("div", { class: "row ops-spread" }, bar.bar, pause),
      bar.notice,
      numbers,
      h("div", { class: "ops-grid" }, health.element, purge.element, later.element),
    ),
    stop() {
      asking.stop();
      bar.stop();
      health.stop();
      later.stop();
      breakOff();
      for (const end of ends) end();
      for (const chart of shown) chart.stop();
    },
  };
}
