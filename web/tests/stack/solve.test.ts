// Solving against the whole stack: wrongly, rightly, with an own input, and with the
// keyboard only.

import assert from "node:assert/strict";
import { test } from "node:test";
import { editor, solution, useBrowser, verdict, visit, write } from "./stack.ts";

useBrowser();

for (const [language, ending] of [
  ["python", "py"],
  ["javascript", "js"],
] as const) {
  test(`two-sum is solved wrongly, then rightly, in ${language}`, async () => {
    const { page, complaints, close } = await visit("#/");
    await page.getByRole("link", { name: "Two numbers that make a sum" }).click();
    await page.getByLabel("Language").selectOption(language);
    await write(page, await solution("two-sum", `wrong.${ending}`));
    await page.getByRole("button", { name: "Submit" }).click();
    await verdict(page, "Wrong Answer");
    // The case that failed, with what was expected beside what was got.
    await page
      .getByRole("region", { name: "Chosen case" })
      .getByText(/expected/i)
      .first()
      .waitFor();

    await write(page, await solution("two-sum", `accepted.${ending}`));
    await page.getByRole("button", { name: "Submit" }).click();
    await verdict(page, "Accepted");
    await page.getByText(/^Passed (\d+) of \1$/).waitFor();

    await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: "Problems" }).click();
    await page
      .getByRole("listitem")
      .filter({ hasText: "Two numbers" })
      .getByText(/solved/i)
      .first()
      .waitFor();
    await page.getByRole("link", { name: "History" }).click();
    for (const name of ["Accepted", "Wrong Answer"])
      await page.locator(`main .verdict[data-verdict="${name}"]`).first().waitFor();
    assert.deepEqual(complaints, []);
    await close();
  });
}

test("code is run with an own input, and the input is there after a reload", async () => {
  const { page, complaints, close } = await visit("#/p/two-sum");
  await page.getByLabel("Language").selectOption("python");
  await write(page, await solution("two-sum", "accepted.py"));
  await page.getByRole("textbox", { name: "nums: list<int>" }).fill("[40, 1, 2]");
  await page.getByRole("textbox", { name: "target: int" }).fill("42");
  await page.getByRole("button", { name: "Run" }).click();
  await verdict(page, "Executed");
  await page.locator("main").getByText("[0,2]").first().waitFor();
  await page.reload();
  await page.getByRole("tab", { name: "My input" }).click();
  assert.equal(await page.getByRole("textbox", { name: "target: int" }).inputValue(), "42");

  await page.goto(page.url().replace(/#.*/, "#/free"));
  await page.getByLabel("Language").selectOption("python");
  await write(page, "print(input()[::-1])");
  await page.getByRole("textbox", { name: "Standard input" }).fill("stressed");
  await page.getByRole("button", { name: "Run" }).click();
  await page.locator("main").getByText("desserts").first().waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test("one whole solve is done with the keyboard only", async () => {
  const { page, complaints, close } = await visit("#/");
  await page.getByRole("link", { name: "Backwards" }).first().waitFor();
  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? "");
  const tabTo = async (found: () => Promise<boolean>, what: string) => {
    for (let presses = 0; presses < 80; presses += 1) {
      if (await found()) return;
      await page.keyboard.press("Tab");
    }
    assert.fail(`Tab does not reach ${what}`);
  };
  await tabTo(async () => /^Backwards/.test(await focused()), "the problem");
  await page.keyboard.press("Enter");
  await editor(page).waitFor();
  const label = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
  await tabTo(async () => (await label()) === "Language", "the language");
  await page.keyboard.type("Python");
  const inEditor = () => page.evaluate(() => document.activeElement?.shadowRoot?.activeElement != null);
  await tabTo(inEditor, "the editor");
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.press("Delete");
  // Indented by the editor itself.
  await page.keyboard.type("def reverseString(text):\nreturn text[::-1]");
  await page.keyboard.press("ControlOrMeta+Enter");
  await verdict(page, "Executed");
  // Out of the editor again.
  await page.keyboard.press("Escape");
  await page.keyboard.press("Tab");
  assert.equal(await inEditor(), false);
  await tabTo(async () => /^Submit/.test(await focused()), "Submit");
  await page.keyboard.press("Enter");
  await verdict(page, "Accepted");
  await page.getByText("Accepted, passed").first().waitFor({ state: "attached" });
  assert.deepEqual(complaints, []);
  await close();
});
