// The operator's dead letters.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Locator, Page } from "playwright-core";
import { accessible } from "./accessible.ts";
import { becomes, failure, send, useBrowser } from "./harness.ts";
import { allowed, enter, letter, Letters, NO_JOB, settled, UNREACHABLE, world } from "./ops-world.ts";

useBrowser();

const rows = (page: Page) => page.getByRole("list", { name: "Dead letters" }).locator("> li");
const row = (page: Page, id: string) => page.locator(`.ops-letter[data-id="${id}"]`);
const act = (page: Page, text: string) => page.locator(".ops-act").filter({ hasText: text });

/** Waits until so many rows are listed. */
async function listed(page: Page, count: number): Promise<void> {
  await page.waitForFunction((wanted) => document.querySelectorAll(".ops-letter").length === wanted, count);
}

const focused = (element: Locator) => element.evaluate((one) => one === document.activeElement);

test("deleting asks with number and reason, without focus on the dangerous button; Escape does nothing", async () => {
  const api = world();
  const { page, close } = await enter(api, "#/ops/dead");
  await listed(page, 8);
  await page.getByRole("button", { name: "Delete job-0008" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete 1 letter?" });
  await dialog.getByText("job-0008: “The job failed 3 times").waitFor();
  await becomes(() => focused(dialog.getByRole("button", { name: "Cancel" })), true);
  assert.ok(!(await focused(dialog.getByRole("button", { name: "Delete 1 letter" }))));
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  assert.equal(await rows(page).count(), 8);
  assert.equal(api.calls("DELETE /dead/job-0008").length, 0);
  await page.getByRole("button", { name: "Delete job-0008" }).click();
  await dialog.getByRole("button", { name: "Delete 1 letter" }).click();
  await listed(page, 7);
  assert.equal(api.calls("DELETE /dead/job-0008").length, 1);
  await close();
});

test("a single replay does not ask; one that is no job says why; one that is gone leaves the list", async () => {
  const letters = new Letters([letter(1), letter(2), letter(3, { reason: NO_JOB })]);
  const api = world();
  letters.serve(api);
  const { page, close } = await enter(api, "#/ops/dead");
  await page.getByRole("button", { name: "Replay job-0001" }).click();
  await page.getByText("It waits again, at place 4 of its lane.").waitFor();
  await listed(page, 2);
  assert.equal(await page.locator("dialog").count(), 0);
  await becomes(() => focused(row(page, "job-0002").locator(".ops-letter-toggle")), true, "the focus is not lost");
  await page.getByRole("button", { name: "Replay job-0003" }).click();
  await page.getByRole("alert").filter({ hasText: "for it is no job" }).waitFor();
  assert.equal(await rows(page).count(), 2);
  letters.take("job-0002");
  await page.getByRole("button", { name: "Replay job-0002" }).click();
  await page.getByText("It was gone already.").waitFor();
  await listed(page, 1);
  await close();
});

test("a replay of eleven selected ones asks, of ten does not; deleting them always does", async () => {
  const api = world();
  new Letters(Array.from({ length: 12 }, (_, index) => letter(index + 1))).serve(api);
  const { page, close } = await enter(api, "#/ops/dead");
  await listed(page, 12);
  await page.getByLabel("All on this page").check();
  await page.getByLabel("Select job-0012").uncheck();
  await page.getByRole("button", { name: "Replay 11", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Replay 11 letters" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Delete 11…" }).click();
  await dialog.getByRole("button", { name: "Delete 11 letters" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByLabel("Select job-0011").uncheck();
  await page.getByRole("button", { name: "Replay 10", exact: true }).click();
  await act(page, "Done. 10 letters replayed.").waitFor();
  await listed(page, 2);
  await close();
});

test("all of a reason takes what the filter takes and never more; the number is on the button", async () => {
  const api = world();
  const { page, close } = await enter(api, "#/ops/dead");
  await listed(page, 8);
  await page.getByRole("button", { name: `6 × ${UNREACHABLE}` }).click();
  await listed(page, 6);
  assert.equal(api.calls("GET /dead").at(-1)?.query.get("reason"), UNREACHABLE);
  await page.getByRole("button", { name: "Delete all 6 letters…" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete 6 letters of this reason?" });
  await dialog.getByText(`whose reason begins with “${UNREACHABLE}”`).waitFor();
  await dialog.getByRole("button", { name: "Delete 6 letters" }).click();
  await act(page, "Done. 6 letters deleted.").waitFor();
  const [call, ...more] = api.calls("POST /dead/delete");
  assert.equal(call?.query.get("reason"), UNREACHABLE);
  assert.equal(more.length, 0);
  await page.getByLabel("Reason begins with").fill("");
  await listed(page, 2);
  await close();
});

test("more than a page of a reason is replayed in one act, with progress and what was skipped", async () => {
  const stored = Array.from({ length: 250 }, (_, index) =>
    letter(index + 1, { reason: `${NO_JOB.slice(0, 3)} ${index % 2}` }),
  );
  const letters = new Letters([...stored, letter(900), letter(901)]);
  letters.stored = letters.stored.map((one, index) => (index < 20 ? { ...one, reason: `${NO_JOB} ${index}` } : one));
  const api = world();
  letters.serve(api);
  let hold = true;
  allowed(api, "POST /dead/replay", async (asked) => {
    while (hold && asked.query.get("cursor") !== null) await new Promise((resolve) => setTimeout(resolve, 20));
    const { took, unreadable, next } = letters.act(asked, true);
    return { success: true, message: "Waiting again.", replayed: took, unreadable, next };
  });
  const { page, close } = await enter(api, "#/ops/dead?reason=not");
  await listed(page, 100);
  await page.getByRole("button", { name: "Replay all 100+ letters" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Replay 250 letters" }).click();
  await act(page, "80 letters replayed, 20 skipped, for they are no jobs.").waitFor();
  assert.equal(await page.getByRole("progressbar").getAttribute("max"), "250");
  // The act goes on while another view is open.
  await page.getByRole("link", { name: "Dashboard" }).click();
  hold = false;
  await act(page, "Done. 230 letters replayed, 20 skipped, for they are no jobs.").waitFor();
  assert.ok(api.calls("POST /dead/replay").length > 2);
  assert.equal(letters.stored.length, 22, "letters of other reasons are there still");
  await close();
});

test("an act goes on by itself after the store was away, and where it failed after a fault", async () => {
  const letters = new Letters(
    Array.from({ length: 30 }, (_, index) => letter(index + 1)),
    10,
  );
  const api = world();
  letters.serve(api);
  let calls = 0;
  allowed(api, "POST /dead/delete", (asked, response) => {
    calls += 1;
    if (calls === 2) return send(response, 503, failure("store_unavailable", "Redis does not answer."));
    if (calls === 4) return send(response, 500, failure("internal", "Something broke."));
    const { took, next } = letters.act(asked, false);
    return { success: true, message: "Deleted.", deleted: took, next };
  });
  const { page, close } = await enter(api, "#/ops/dead?reason=The");
  await page.getByRole("button", { name: "Delete all 10+ letters" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete 30 letters" }).click();
  await act(page, "Failed. 20 letters deleted.").filter({ hasText: "Something broke." }).waitFor();
  await page.getByRole("button", { name: "Go on" }).click();
  await act(page, "Done. 30 letters deleted.").waitFor();
  assert.equal(letters.stored.length, 0);
  await close();
});

test("the last row of page 2 is deleted: page 1 is shown, not none", async () => {
  const api = world();
  new Letters(
    [1, 2, 3].map((number) => letter(number)),
    2,
  ).serve(api);
  const { page, close } = await enter(api, "#/ops/dead");
  await listed(page, 2);
  await page.getByRole("button", { name: "Next page" }).click();
  await listed(page, 1);
  await page.getByText("Page 2").waitFor();
  await page.getByRole("button", { name: "Delete job-0003" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete 1 letter" }).click();
  await listed(page, 2);
  await page.getByText("Page 1").waitFor();
  assert.equal(await page.getByText("There are no dead letters.").isVisible(), false);
  await close();
});

test("a refresh keeps selection, scroll and open rows, and waits while something is selected", async () => {
  const letters = new Letters(Array.from({ length: 40 }, (_, index) => letter(index + 1)));
  const api = world();
  letters.serve(api);
  const { page, close } = await enter(api, "#/ops/dead");
  await page.clock.install();
  await page.reload();
  await listed(page, 40);
  await row(page, "job-0020").locator(".ops-letter-toggle").click();
  await row(page, "job-0020").getByText("Attempt 3", { exact: true }).waitFor();
  await row(page, "job-0020").getByText('"code": "print(1)').waitFor();
  const scrolled = await page.evaluate(() => {
    document.querySelector('[data-id="job-0020"]')?.scrollIntoView();
    return scrollY;
  });
  letters.stored = [...letters.stored.slice(0, 39), letter(99)];
  const before = api.calls("GET /dead").length;
  await page.clock.fastForward(15_100);
  await row(page, "job-0099").waitFor();
  assert.equal(api.calls("GET /dead").length, before + 1);
  assert.ok(await row(page, "job-0020").getByText("Attempt 3", { exact: true }).isVisible());
  assert.equal(await page.evaluate(() => scrollY), scrolled);
  await page.getByLabel("Select job-0021").check();
  await page.getByText("Waits while rows are selected.").waitFor();
  await page.clock.fastForward(120_000);
  await settled(page, api, "GET /dead", before + 1);
  letters.stored = [...letters.stored.slice(0, 39), letter(98)];
  await page.getByRole("button", { name: "Refresh" }).click();
  await row(page, "job-0098").waitFor();
  await settled(page, api, "GET /dead", before + 2);
  assert.ok(await page.getByLabel("Select job-0021").isChecked());
  await page.getByLabel("Select job-0021").uncheck();
  await page.clock.fastForward(15_100);
  await settled(page, api, "GET /dead", before + 3);
  await close();
});

test("a payload of 256 KB and a long error do not stop the list; the newest attempt stands first", async () => {
  const long = "x".repeat(67_000);
  const api = world();
  const history = [2, 1, 3].map((attempt) => ({ attempt, reason: `try ${attempt} ${long}`, atMs: Date.now() }));
  new Letters([letter(1, { reason: `${UNREACHABLE} ${long}`, history }), letter(2)]).serve(api);
  allowed(api, "GET /dead/*", () => ({
    success: true,
    dead: letter(1),
    payload: JSON.stringify({ id: "job-0001", code: "print('ä')\n".repeat(22_000) }),
  }));
  const { page, close } = await enter(api, "#/ops/dead");
  await listed(page, 2);
  await row(page, "job-0001").locator(".ops-letter-toggle").click();
  const all = page.getByRole("button", { name: /Show all of the payload \(\d+ kB\)/ });
  await all.waitFor();
  assert.match((await page.locator(".ops-attempts > li").first().textContent()) ?? "", /^Attempt 3.*try 3/);
  const shown = await row(page, "job-0001").textContent();
  assert.ok((shown ?? "").length < 20_000, "a part is shown");
  await all.click();
  const tookMs = await page.evaluate(async () => {
    const begun = performance.now();
    document.querySelector<HTMLElement>('[data-id="job-0002"] input')?.click();
    await new Promise((resolve) => requestAnimationFrame(resolve));
    return performance.now() - begun;
  });
  assert.ok(await page.getByLabel("Select job-0002").isChecked());
  assert.ok(tookMs < 1_000, `a click worked after ${tookMs} ms`);
  const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(width <= 0, "the page is not wider than the window");
  await close();
});

test("a payload that is not UTF-8 is shown in base64; a letter that cannot be read is counted", async () => {
  const api = world();
  allowed(api, "GET /dead/*", () => ({ success: true, dead: letter(1), payloadBase64: "/w4A" }));
  allowed(api, "GET /dead", () => ({ success: true, dead: [letter(1), null, null], next: null }));
  const { page, close } = await enter(api, "#/ops/dead");
  await row(page, "job-0001").locator(".ops-letter-toggle").click();
  await page.getByText("It is not UTF-8; in base64:").waitFor();
  await page.getByText("/w4A").waitFor();
  const submission = page.getByRole("link", { name: "Open the submission job-0001" });
  assert.equal(await submission.getAttribute("href"), "#/s/job-0001");
  // The id is read once, above.
  assert.equal(((await row(page, "job-0001").textContent()) ?? "").split("job-0001").length - 1, 1);
  await page.getByText("2 stored on this page cannot be read and are not listed.").waitFor();
  await close();
});

test("the filter is in the address, passes over empty pages, and time narrows what is shown", async () => {
  const stored = Array.from({ length: 30 }, (_, index) =>
    letter(index + 1, index < 28 ? {} : { reason: NO_JOB, deadAtMs: Date.now() - (index === 28 ? 1_000 : 90_000_000) }),
  );
  const api = world();
  new Letters(stored, 5).serve(api);
  const { page, base, close } = await enter(api, "#/ops/dead");
  await listed(page, 5);
  await page.getByLabel("Reason begins with").fill("not J");
  await listed(page, 2);
  await becomes(() => page.evaluate(() => location.href), `${base}/#/ops/dead?reason=not+J`);
  await page.getByRole("button", { name: "Replay all 2 letters" }).waitFor();
  await page.getByLabel("Died in").selectOption("the last day");
  await listed(page, 1);
  // The API knows no time: all of a reason would be more than what is shown.
  assert.equal(await page.getByRole("button", { name: /Replay all/ }).isVisible(), false);
  await page.reload();
  await listed(page, 2);
  assert.equal(await page.getByLabel("Reason begins with").inputValue(), "not J");
  await page.getByLabel("Reason begins with").fill("nothing like this");
  await page.getByText("No letter's reason begins so.").waitFor();
  await close();
});

test("a letter with attempts but no history does not say that there were none", async () => {
  const { page, close } = await enter(world(), "#/ops/dead");
  await row(page, "job-0007").locator(".ops-letter-toggle").click();
  await row(page, "job-0007").getByRole("heading", { name: "No history is kept of its attempt" }).waitFor();
  await close();
});

test("after all letters were deleted the focus is not lost", async () => {
  const letters = new Letters([letter(1), letter(2)]);
  const api = world();
  letters.serve(api);
  const { page, close } = await enter(api, "#/ops/dead");
  await page.getByLabel("All on this page").check();
  await page.getByRole("button", { name: "Delete 2…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete 2 letters" }).click();
  await page.getByText("There are no dead letters.").waitFor();
  await becomes(() => page.evaluate(() => document.activeElement?.tagName), "INPUT");
  await close();
});

test("hostile reasons and ids stay text", async () => {
  const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
  const api = world();
  new Letters([letter(1, { reason: hostile, problemId: hostile, history: [{ attempt: 1, reason: hostile }] })]).serve(
    api,
  );
  const { page, complaints, close } = await enter(api, "#/ops/dead");
  await row(page, "job-0001").locator(".ops-letter-toggle").click();
  await page.getByText("Attempt 1", { exact: true }).waitFor();
  assert.equal(await page.locator("#view img, #view script").count(), 0);
  assert.equal(await page.title(), "Dead letters · edgejudge");
  assert.deepEqual(complaints, []);
  await close();
});

test("axe finds nothing serious in the dead letters", async () => {
  const { page, close } = await enter(world(), "#/ops/dead?reason=The");
  await listed(page, 7);
  await row(page, "job-0001").locator(".ops-letter-toggle").click();
  await page.getByText('"code": "print(1)').waitFor();
  await page.getByLabel("Select job-0002").check();
  await accessible(page);
  await page.getByRole("button", { name: "Replay 1", exact: true }).click();
  await act(page, "Done. 1 letter replayed.").waitFor();
  await page.getByRole("button", { name: "Delete job-0003" }).click();
  await page.getByRole("dialog").waitFor();
  await accessible(page);
  await close();
});
