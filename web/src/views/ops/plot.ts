// A chart by uPlot, which is loaded when the first one is shown. Its lines are on a
// canvas: the colours are functions that ask the styles, so that a turn from light to
// dark is one drawing. Where a chart cannot be made, its numbers stand in its place.

import type uPlot from "uplot";
import { h, replace } from "../../base/dom.ts";
import { onTurn } from "../../base/theme.ts";

export interface Line {
  name: string;
  /** A custom property of the styles: "--accent". */
  colour: string;
  dash?: number[];
  kind: "bars" | "line";
  /** The number to be read where the pointer is, when it is not the drawn one. */
  value?: (at: number) => number | null | undefined;
}

export interface Plot {
  element: HTMLElement;
  /** New numbers; `summary` says in words what the chart shows. */
  update(data: uPlot.AlignedData, summary: string): void;
  stop(): void;
}

const HEIGHT = 180;
/** A chart shows no less than this, in seconds. */
const SHORTEST_S = 120;

/** From when to when a chart goes: what is shown, with room for half a bar. */
function span(at: ArrayLike<number> | undefined): [number, number] {
  const end = at?.[at.length - 1] ?? Date.now() / 1_000;
  const begin = Math.min(at?.[0] ?? end, end - SHORTEST_S);
  const room = (end - begin) / 100;
  return [begin - room, end + room];
}

/** `failed` is called when there will be no chart. */
export function plot(title: string, lines: Line[], failed: () => void): Plot {
  const key = h(
    "ul",
    { class: "ops-key", "aria-hidden": "true" },
    lines.map(({ name, colour, dash }) => {
      const style = dash && (dash[0] === 2 ? "dotted" : "dashed");
      const mark = h("span", { class: `ops-mark ${style ?? ""}` });
      mark.style.borderColor = `var(${colour})`;
      return h("li", {}, mark, name);
    }),
  );
  const reading = h("span", { class: "ops-reading small muted", "aria-hidden": "true" });
  const canvas = h("div", { class: "ops-canvas", role: "img", "aria-label": title });
  const element = h("div", { class: "ops-plot" }, h("div", { class: "row" }, key, reading), canvas);
  const probe = h("span", { hidden: true });
  element.append(probe);
  let data: uPlot.AlignedData | undefined;
  let chart: uPlot | undefined;
  let loading = false;
  let stopped = false;

  /** A custom property as the canvas understands it. */
  function colour(name: string): string {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  }

  async function make(): Promise<void> {
    if (loading || stopped || !data || canvas.clientWidth === 0) return;
    loading = true;
    try {
      const { default: Chart } = await import("uplot");
      if (stopped) return;
      chart = new Chart(options(Chart), data, canvas);
    } catch (error) {
      sizes.disconnect();
      replace(element, h("p", { class: "muted small" }, `The chart cannot be drawn here (${String(error)}).`));
      failed();
    }
  }

  function options(Chart: typeof uPlot): uPlot.Options {
    const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
    const axis = {
      stroke: () => colour("--muted"),
      grid: { stroke: () => colour("--line"), width: 1 },
      ticks: { show: false },
      font: `12px ${getComputedStyle(element).fontFamily}`,
    };
    const bars = Chart.paths.bars?.({ size: [0.7, 12] });
    return {
      width: canvas.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      scales: {
        x: { time: true, range: () => span(data?.[0]) },
        y: { range: (_chart, _low, high) => [0, Math.max(4, Math.ceil((high ?? 0) * 1.1))] },
      },
      axes: [
        {
          ...axis,
          space: 60,
          size: 28,
          incrs: [60, 120, 300, 600, 900, 1_800, 3_600],
          values: (_chart, at) => at.map((one) => clock.format(one * 1_000)),
        },
        { ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6] },
      ],
      series: [
        {},
        ...lines.map((line): uPlot.Series => {
          const stroke = () => colour(line.colour);
          if (line.kind === "bars" && bars)
            return { stroke, fill: stroke, width: 0, paths: bars, points: { show: false } };
          return { stroke, width: 2, dash: line.dash ?? [], spanGaps: false, points: { size: 5, fill: stroke } };
        }),
      ],
      hooks: { setCursor: [(one) => read(one, clock)] },
    };
  }

  /** What is under the pointer, in words. */
  function read(one: uPlot, clock: Intl.DateTimeFormat): void {
    const at = one.cursor.idx;
    const time = at === null || at === undefined ? undefined : one.data[0][at];
    if (at === null || at === undefined || time === undefined) {
      replace(reading);
      return;
    }
    const values = lines.map(({ name, value }, index) => {
      const number = value ? value(at) : one.data[index + 1]?.[at];
      return `${name.toLowerCase()} ${number ?? "not known"}`;
    });
    replace(reading, `${clock.format(time * 1_000)}: ${values.join(", ")}`);
  }

  const sizes = new ResizeObserver(() => {
    if (chart) chart.setSize({ width: canvas.clientWidth, height: HEIGHT });
    else void make();
  });
  sizes.observe(canvas);
  const end = onTurn(() => chart?.redraw());

  return {
    element,
    update(next, summary) {
      data = next;
      canvas.setAttribute("aria-label", `${title}. ${summary}`);
      if (chart) chart.setData(next);
      else void make();
    },
    stop() {
      stopped = true;
      end();
      sizes.disconnect();
      chart?.destroy();
    },
  };
}
