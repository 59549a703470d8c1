// Calls that a tester often makes by hand: chosen from a list, they fill the form.

import { h } from "../../base/dom.ts";

export interface KnownCall {
  method: string;
  path: string;
  body?: unknown;
}

const SMALL = { problemId: "drawer", language: "python", code: "print(sum(range(10)))" };

/** What each does, and the call. */
const CALLS: [string, KnownCall][] = [
  ["languages on offer", { method: "GET", path: "/languages" }],
  ["problems", { method: "GET", path: "/problems" }],
  ["run code now", { method: "POST", path: "/run", body: { language: "python", code: SMALL.code } }],
  ["submit", { method: "POST", path: "/submit", body: SMALL }],
  [
    "submit, and have the result sent",
    { method: "POST", path: "/submit", body: { ...SMALL, callbackUrl: "https://site.example/verdicts" } },
  ],
  ["the queue in numbers", { method: "GET", path: "/stats" }],
  ["execution endpoints", { method: "GET", path: "/endpoints" }],
  ["dead letters", { method: "GET", path: "/dead" }],
  ["for Prometheus, as text", { method: "GET", path: "/metrics" }],
  ["whether it runs", { method: "GET", path: "/healthz" }],
  ["whether it can judge", { method: "GET", path: "/readyz" }],
  ["the API as OpenAPI", { method: "GET", path: "/openapi.json" }],
];

export function knownCalls(choose: (call: KnownCall) => void): HTMLElement {
  const select = h(
    "select",
    {
      onchange: () => {
        const call = CALLS[Number(select.value)]?.[1];
        if (call) choose(call);
      },
    },
    h("option", { value: "" }, "Choose one, or write it below"),
    CALLS.map(([what, { method, path }], index) => h("option", { value: String(index) }, `${method} ${path}: ${what}`)),
  );
  return h("label", { class: "field known-calls" }, h("span", {}, "Known calls"), select);
}
