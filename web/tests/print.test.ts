// On paper: the statement and the code whole, dark on white, and no controls.

import { test } from "node:test";
import { Api, becomes, open, useBrowser } from "./harness.ts";

useBrowser();

const LINES = Array.from({ length: 150 }, (_, index) => `value_${index} = ${index}`);

function api(): Api {
  return new Api()
    .on("GET /problems/*", () => ({
      id: "two-sum",
      version: "v1",
      title: "Two sum",
      statement: `# Input\n\n${"A paragraph of the statement.\n\n".repeat(40)}\`\`\`\n${"x".repeat(400)}\n\`\`\`\n\nThe end of the statement.`,
      kind: "program",
      checker: "exact",
      limits: {},
      stopOnFirstFail: false,
      starter: {},
      cases: [{ input: "1", expected: "1" }],
    }))
    .on("GET /languages", () => ({
      success: true,
      languages: [{ language: "python", version: "3.12.0", aliases: [] }],
    }));
}

for (const width of [1280, 720]) {
  test(`print has the whole statement and code, no scroll bars, dark on white (${width})`, async () => {
    const { page, context, close } = await open(api(), "#/p/two-sum", { viewport: { width, height: 700 } });
    await page.getByLabel("Theme").selectOption("dark");
    await page.getByText("The end of the statement.").waitFor({ state: "attached" });
    const code = page.getByRole("tab", { name: "Code" });
    if (await code.isVisible()) await code.click();
    await page.locator(".cm-content").click();
    await page.keyboard.press("ControlOrMeta+A");
    await page.keyboard.insertText(LINES.join("\n"));
    await page.getByRole("button", { name: "API calls", exact: true }).click();
    await page.emulateMedia({ media: "print" });
    const look = () =>
      page.evaluate(() => {
        const root = getComputedStyle(document.documentElement);
        const seen = (element: Element) => element.getClientRects().length > 0;
        const all: Element[] = [];
        const gather = (parent: ParentNode) => {
          for (const element of parent.querySelectorAll("*")) {
            all.push(element);
            if (element.shadowRoot) gather(element.shadowRoot);
          }
        };
        gather(document.body);
        const clips = (element: Element) => {
          const { overflowX, overflowY } = getComputedStyle(element);
          if (element.closest("svg, math")) return false;
          const isBox = overflowX !== "visible" || overflowY !== "visible";
          return (
            isBox && (element.scrollHeight > element.clientHeight + 2 || element.scrollWidth > element.clientWidth + 2)
          );
        };
        return {
          background: root.backgroundColor,
          color: root.color,
          controls: all
            .filter((one) => /^(BUTTON|INPUT|SELECT)$/.test(one.tagName) && seen(one))
            .map((one) => one.textContent),
          frames: [".top", ".drawer", ".toast"].filter((one) => [...document.querySelectorAll(one)].some(seen)),
          clipped: all.filter((one) => seen(one) && clips(one)).map((one) => `${one.tagName}.${one.className}`),
          statement: [...document.querySelectorAll(".statement p")].filter(seen).length,
          lines: all.filter((one) => one.classList.contains("cm-line") && seen(one)).length,
        };
      });
    // The editor draws all of its lines a moment later.
    await becomes(look, {
      background: "rgb(255, 255, 255)",
      color: "rgb(0, 0, 0)",
      controls: [],
      frames: [],
      clipped: [],
      statement: 41,
      lines: LINES.length,
    });
    await context.close();
    await close();
  });
}
