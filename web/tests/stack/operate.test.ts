// The operator's acts against the whole stack.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  ADMIN_TOKEN,
  api,
  died,
  ended,
  failJobsWith,
  submit,
  until,
  useBrowser,
  visit,
  visitAsOperator,
  work,
} from "./stack.ts";

useBrowser();
after(async () => {
  await failJobsWith("");
  await api("POST", "/resume");
});

test("a dead letter is found, replayed, and judged", async () => {
  await failJobsWith("POISON");
  const id = await submit("deadly", "python", "print('POISON')");
  await died(id);
  const { page, complaints, close } = await visit("#/ops");
  await page.getByLabel("Key", { exact: true }).fill(ADMIN_TOKEN);
  await page.getByRole("button", { name: "Open" }).click();
  await page.getByRole("navigation", { name: "Operator's views" }).getByRole("link", { name: "Dead letters" }).click();
  const letter = page.getByRole("list", { name: "Dead letters", exact: true }).getByRole("listitem").first();
  await letter.getByText("500").first().waitFor();
  await failJobsWith("");
  await letter.getByRole("button", { name: "Replay" }).click();
  await page.getByText("There are no dead letters.").waitFor();
  assert.equal((await ended(id)).status, "done");
  // The token is in this tab and nowhere else.
  assert.equal(page.url().includes(ADMIN_TOKEN), false);
  assert.equal((await page.content()).includes(ADMIN_TOKEN), false);
  assert.equal(
    await page.evaluate(() => JSON.stringify(localStorage)).then((text) => text.includes(ADMIN_TOKEN)),
    false,
  );
  assert.deepEqual(complaints, []);
  await close();
});

test("a pause is seen in every view, and is ended from there", async () => {
  const { page, complaints, close } = await visitAsOperator("#/ops");
  await page.getByRole("button", { name: "Pause the queue" }).click();
  const banner = page.getByText("The queue is paused");
  for (const hash of ["#/", "#/p/two-sum", "#/free", "#/history", "#/ops/dead", "#/ops/problems"]) {
    await page.evaluate((where) => location.assign(where), hash);
    await banner.waitFor();
  }
  await page.evaluate(() => location.assign("#/free"));
  await page.locator(".banner").getByRole("button", { name: "Resume" }).click();
  await banner.waitFor({ state: "detached" });
  const { stats } = await api<{ stats: { paused: boolean } }>("GET", "/stats");
  assert.equal(stats.paused, false);
  assert.deepEqual(complaints, []);
  await close();
});

test("a problem is judged again, with progress, and an open submission shows its new verdict", async () => {
  const problem = (expected: string) => ({
    title: "Say it",
    statement: "Print **it**.",
    kind: "program",
    cases: [{ input: "", expected }],
  });
  await api("PUT", "/problems/say-it", problem("yes\n"));
  const ids: string[] = [];
  for (const text of ["yes", "no", "maybe"]) ids.push(await submit("say-it", "python", `print("${text}")`));
  for (const id of ids) await ended(id);
  const reader = await visit(`#/s/${ids[1]}`);
  await reader.page.locator('.verdict[data-verdict="Wrong Answer"]').first().waitFor();

  await api("PUT", "/problems/say-it", problem("no\n"));
  const { page, complaints, close } = await visitAsOperator("#/ops/problems");
  await page.getByRole("button", { name: "Rejudge say-it" }).click();
  await page.getByRole("dialog").getByText("3 submissions are stored.").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Rejudge say-it" }).click();
  await page.getByText("3 wait to be judged again.").first().waitFor();
  await until("the new verdicts", async () => {
    await work();
    const verdicts = await Promise.all(ids.map((id) => api<{ verdict: string }>("GET", `/result/${id}`)));
    return verdicts.map((one) => one.verdict).join() === "Wrong Answer,Accepted,Wrong Answer" || undefined;
  });
  await reader.page.getByRole("button", { name: "Check again" }).click();
  await reader.page.locator('.r-head .verdict[data-verdict="Accepted"]').waitFor();
  await reader.page.getByText("Judged again").waitFor();
  assert.deepEqual(complaints, []);
  await reader.close();
  await close();
});
