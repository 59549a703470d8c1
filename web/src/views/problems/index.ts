import { h } from "../../base/dom.ts";
import type { OpenView } from "../../view.ts";

export const open: OpenView = () => ({
  title: "problems",
  element: h("section", { class: "page" }, h("h1", {}, "problems")),
});
