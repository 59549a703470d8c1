// The solving view: running, submitting, and own inputs.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { type Api, drawn, eventually, events, failure, open, quiet, send, useBrowser } from "./harness.ts";
import { accepted, content, ECHO, ID, judging, ran, shownCode, solvingApi, type } from "./solving.ts";

useBrowser();

const HASH = "#/p/two-sum";

function sent(api: Api, what: string): { code: string; language: string; [member: string]: unknown }[] {
  return api.calls(what).map((one) => JSON.parse(one.body));
}

const run = (page: Page) => page.getByRole("button", { name: "Run" });
const submit = (page: Page) => page.getByRole("button", { name: "Submit" });

/** Waits until the page has the answer to its run: until then another one is not begun. */
async function ready(page: Page): Promise<void> {
  await page.locator(".action[aria-disabled=false]", { hasText: /^Run(?!ning)/ }).waitFor();
}

test("what is sent is what the editor shows at that key press, in that language", async () => {
  const api = judging(solvingApi());
  const { page, complaints, close } = await open(api, HASH);
  await type(page, "first = 1");
  await page.keyboard.press("ControlOrMeta+Enter");
  await type(page, "second = 2");
  await page.keyboard.press("Shift+ControlOrMeta+Enter");
  await page.getByLabel("Language").selectOption("javascript");
  // The submission takes the place of the first run, and would take that of the next one.
  await page.getByRole("link", { name: "Open this submission" }).waitFor();
  await type(page, "third;");
  await page.keyboard.press("ControlOrMeta+Enter");
  await api.got("POST /run", 2);
  await api.got("POST /submit", 1);
  const [one, three] = sent(api, "POST /run");
  assert.deepEqual(one, { code: "first = 1", language: "python", args: [[3, 8, 5, 14], 19], problemId: "two-sum" });
  assert.deepEqual([three?.code, three?.language], ["third;", "javascript"]);
  const [two] = sent(api, "POST /submit");
  assert.deepEqual(two, { problemId: "two-sum", code: "second = 2", language: "python", watch: true });
  assert.deepEqual(complaints, []);
  await close();
});

test("a verdict leaves text, selection, scroll and focus as they were", async () => {
  const { page, close } = await open(judging(solvingApi()), HASH);
  await type(page, Array.from({ length: 120 }, (_, at) => `line_${at} = ${at}`).join("\n"));
  await page.keyboard.press("ControlOrMeta+Home");
  for (let at = 0; at < 60; at += 1) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Shift+End");
  // The editor scrolls when it is drawn.
  await drawn(page);
  const look = () =>
    page.evaluate(() => {
      const root = document.querySelector(".editor:not([hidden])")?.shadowRoot as unknown as {
        getSelection(): Selection;
        activeElement: Element | null;
        querySelector(selector: string): Element;
      };
      const scroll = root.querySelector(".cm-scroller").scrollTop;
      return { scroll, selected: String(root.getSelection()), focus: root.activeElement?.className };
    });
  const before = await look();
  assert.equal(before.selected, "line_60 = 60");
  await page.keyboard.press("Shift+ControlOrMeta+Enter");
  await page.getByText("Accepted").first().waitFor();
  await drawn(page);
  assert.deepEqual(await look(), before);
  assert.equal((await shownCode(page)).includes("line_60 = 60"), true);
  await close();
});

test("Ctrl-Enter runs from anywhere in the view and adds no line, but not in a dialog", async () => {
  const api = solvingApi();
  const { page, close } = await open(api, HASH);
  await type(page, "code");
  await page.keyboard.press("ControlOrMeta+Enter");
  await api.got("POST /run", 1);
  assert.equal(await shownCode(page), "code");
  await ready(page);
  await page.getByRole("tab", { name: "My input" }).click();
  await page.getByLabel("target: int").focus();
  await page.keyboard.press("ControlOrMeta+Enter");
  await api.got("POST /run", 2);
  await ready(page);
  await page.getByLabel("Language").focus();
  await page.keyboard.press("ControlOrMeta+Enter");
  await api.got("POST /run", 3);
  await ready(page);
  await page.evaluate(() => {
    const dialog = document.createElement("dialog");
    document.body.append(dialog);
    dialog.showModal();
  });
  await page.keyboard.press("ControlOrMeta+Enter");
  await quiet(page);
  await api.got("POST /run", 3);
  await close();
});

test("Ctrl-S submits nothing and says that the draft is kept", async () => {
  const api = judging(solvingApi());
  const { page, close } = await open(api, HASH);
  await type(page, "mine");
  await page.evaluate(() => {
    addEventListener("keydown", (event) => {
      if (event.key === "s") document.body.dataset["prevented"] = String(event.defaultPrevented);
    });
  });
  await page.keyboard.press("ControlOrMeta+s");
  assert.equal(await page.locator("body").getAttribute("data-prevented"), "true");
  await page.getByText("The draft is kept in this browser.").waitFor();
  assert.equal(
    await page.evaluate(() => localStorage.getItem("edgejudge:draft:two-sum:python")?.includes("mine")),
    true,
  );
  await quiet(page);
  assert.equal(api.calls("POST /submit").length + api.calls("POST /run").length, 0);
  await close();
});

test("two quick clicks on Submit make one submission; the next one has another key", async () => {
  const api = judging(solvingApi());
  const { page, close } = await open(api, HASH);
  await type(page, "x");
  await submit(page).dblclick({ delay: 100 });
  await page.getByText("Accepted").first().waitFor();
  await quiet(page);
  await api.got("POST /submit", 1);
  await submit(page).click();
  await api.got("POST /submit", 2);
  const [one, two] = api.calls("POST /submit").map((call) => call.headers["idempotency-key"]);
  assert.match(String(one), /^[0-9a-f]{32}$/);
  assert.notEqual(one, two);
  await close();
});

test("Submit while offline: the error is at the top, the button works again, the second try has the same key", async () => {
  const api = judging(solvingApi());
  const { page, context, close } = await open(api, HASH);
  await type(page, "x");
  const keys: (string | undefined)[] = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/submit")) keys.push(request.headers()["idempotency-key"]);
  });
  await context.setOffline(true);
  await submit(page).click();
  const error = page.locator(".outcome-error");
  await error.getByText("The server cannot be reached").waitFor();
  assert.equal(await submit(page).getAttribute("aria-disabled"), "false");
  await context.setOffline(false);
  await submit(page).click();
  await page.getByText("Accepted").first().waitFor();
  assert.equal(await error.isVisible(), false);
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1]);
  // Other code is another submission, also after a failure.
  await context.setOffline(true);
  await submit(page).click();
  await error.getByText("The server cannot be reached").waitFor();
  await context.setOffline(false);
  await type(page, "y");
  await submit(page).click();
  await api.got("POST /submit", 2);
  await eventually(() => keys.length === 4);
  assert.notEqual(keys[2], keys[3]);
  await close();
});

test("a server that is busy: its words and the seconds are shown, and the other button works", async () => {
  const api = solvingApi()
    .on("POST /submit", (_, response) => {
      send(response, 429, failure("too_many", "Too many submissions wait; try again in 7 s."), { "retry-after": "7" });
    })
    .on("POST /run", (_, response) => send(response, 503, failure("busy", "No slot is free."), { "retry-after": "3" }));
  const { page, close } = await open(api, HASH);
  await type(page, "x");
  await submit(page).click();
  await page.getByText("Too many submissions wait; try again in 7 s.", { exact: true }).waitFor();
  await page
    .getByText(/You can submit again in \d seconds\./)
    .first()
    .waitFor();
  await run(page).click();
  await page.getByText("No slot is free. Try again in 3 s.", { exact: true }).waitFor();
  assert.equal(await page.getByText("Too many submissions").count(), 0);
  await close();
});

test("while a run is under way its button is busy, and Submit is not", async () => {
  let answer = () => {};
  const api = solvingApi().on("POST /run", async () => {
    await new Promise<void>((resolve) => {
      answer = resolve;
    });
    return ran("late\n");
  });
  const { page, close } = await open(api, HASH);
  await type(page, "x");
  await run(page).click();
  await page.getByRole("button", { name: "Running…" }).waitFor();
  await api.got("POST /run", 1);
  await page.getByRole("button", { name: "Running…" }).click({ force: true });
  assert.equal(await submit(page).getAttribute("aria-disabled"), "false");
  answer();
  await page.getByText("late").waitFor();
  assert.equal(await run(page).getAttribute("aria-disabled"), "false");
  await quiet(page);
  await api.got("POST /run", 1);
  await close();
});

test("while a run is under way Ctrl-Enter starts no other, and its result stays", async () => {
  let answer = () => {};
  const api = solvingApi().on("POST /run", async (asked) => {
    await new Promise<void>((resolve) => {
      answer = resolve;
    });
    return ran(`ran ${JSON.parse(asked.body).code}`);
  });
  const { page, close } = await open(api, HASH);
  await type(page, "one");
  for (let times = 0; times < 4; times += 1) await page.keyboard.press("ControlOrMeta+Enter");
  await api.got("POST /run", 1);
  answer();
  await page.getByText("ran one").waitFor();
  await quiet(page);
  await api.got("POST /run", 1);
  await page.keyboard.press("ControlOrMeta+Enter");
  await api.got("POST /run", 2);
  answer();
  await close();
});

test("a run that is answered after a submission does not take the submission's place", async () => {
  let answer = () => {};
  const api = judging(solvingApi()).on("POST /run", async () => {
    await new Promise<void>((resolve) => {
      answer = resolve;
    });
    return ran("late");
  });
  const { page, close } = await open(api, HASH);
  await type(page, "one");
  await run(page).click();
  await api.got("POST /run", 1);
  await submit(page).click();
  await page.getByRole("link", { name: "Open this submission" }).waitFor();
  answer();
  await page.getByText("Accepted").first().waitFor();
  assert.equal(await page.getByText("late").count(), 0);
  await close();
});

test("own inputs stay with their problem over reload and submit, and never show at another", async () => {
  const api = judging(solvingApi());
  const { page, close } = await open(api, HASH);
  await page.getByLabel("nums: list<int>").fill("[1, 2]");
  await page.getByLabel("target: int").fill("3");
  await type(page, "x");
  await submit(page).click();
  await page.getByText("Accepted").first().waitFor();
  await page.reload();
  await content(page).waitFor();
  assert.equal(await page.getByLabel("nums: list<int>").inputValue(), "[1, 2]");
  await page.evaluate(() => {
    location.hash = "#/p/echo";
  });
  await page.getByRole("heading", { name: ECHO.title }).waitFor();
  assert.equal(await page.getByLabel("Standard input").inputValue(), "hello\nworld\n");
  await page.getByLabel("Standard input").fill("only here");
  await page.getByRole("link", { name: "Playground" }).click();
  await page.getByRole("heading", { name: "Playground" }).waitFor({ state: "attached" });
  assert.equal(await page.getByLabel("Standard input").inputValue(), "");
  await page.goBack();
  await page.getByRole("heading", { name: ECHO.title }).waitFor();
  assert.equal(await page.getByLabel("Standard input").inputValue(), "only here");
  await close();
});

test("an argument that is no JSON, or of another type, is refused at its field", async () => {
  const api = solvingApi();
  const { page, close } = await open(api, HASH);
  const nums = page.getByLabel("nums: list<int>");
  for (const [text, words] of [
    ["[1, 2", "This is not JSON"],
    ["[1, 2.5]", "This is not of type list<int>, which looks like [7]."],
    ["", "Type a value of type list<int>"],
  ] as const) {
    await nums.fill(text);
    await run(page).click();
    await page.getByText(words).waitFor();
    assert.equal(await nums.getAttribute("aria-invalid"), "true");
    assert.equal(await nums.evaluate((field) => document.activeElement === field), true);
  }
  await quiet(page);
  assert.equal(api.calls("POST /run").length, 0);
  await nums.fill("[9007199254740993, -1]");
  await run(page).click();
  await api.got("POST /run", 1);
  assert.match(api.calls("POST /run")[0]?.body ?? "", /"args":\[\[9007199254740993,-1\],19\]/);
  await close();
});

test("samples are shown, copied exactly, and used as input", async () => {
  const { page, context, close } = await open(solvingApi(), "#/p/echo");
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "Copy input of sample 2" }).click();
  await page.getByText("Copied").waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "  two\t\n");
  await page.getByRole("tab", { name: "Result", exact: true }).click();
  await page.getByRole("button", { name: "Use as input: sample 2" }).click();
  assert.equal(await page.getByLabel("Standard input").inputValue(), "  two\t\n");
  assert.equal(await page.getByLabel("Standard input").isVisible(), true);
  await close();
});

test("a place in an error sets the cursor there", async () => {
  const stderr = 'File "main.py", line 2\n    oops(\nSyntaxError: "(" was never closed\n';
  const stage = { stdout: "", stderr, code: 1, signal: null, status: null, message: null };
  const compile = { ...stage, cpuTimeMs: 1, wallTimeMs: 1, memoryBytes: 1 };
  const api = solvingApi().on("POST /run", () => ({
    success: true,
    verdict: "Compilation Error",
    output: stderr,
    languageVersion: "3.11",
    executor: "local",
    compile,
  }));
  const { page, close } = await open(api, HASH);
  await type(page, "a = 1\noops(\nb = 2");
  await run(page).click();
  await page.getByRole("button", { name: 'File "main.py", line 2' }).click();
  await page.keyboard.press("End");
  await page.keyboard.type(")");
  assert.equal(await shownCode(page), "a = 1\noops()\nb = 2");
  await close();
});

test("a submission is followed to its verdict, has an address, and is in the history", async () => {
  const api = judging(solvingApi());
  const { page, complaints, close } = await open(api, HASH);
  await type(page, "def two_sum(): pass");
  await submit(page).click();
  // The place in the queue is that of the answer until the stream knows better.
  await page
    .getByText(/3rd|third|\b3\b/)
    .first()
    .waitFor();
  await page.getByText("Accepted").first().waitFor();
  assert.equal(await page.getByRole("link", { name: "Open this submission" }).getAttribute("href"), `#/s/${ID}`);
  await type(page, "something else");
  await page.getByRole("tab", { name: "History" }).click();
  await page.getByRole("listitem").getByText("Accepted").waitFor();
  await page.getByRole("button", { name: "Edit this code" }).click();
  assert.equal(await shownCode(page), "def two_sum(): pass");
  assert.deepEqual(complaints, []);
  await close();
});

test("a submission that was under way is shown again after a reload", async () => {
  let isDone = false;
  const api = judging(solvingApi()).on("GET /result/*/events", (_, response) => {
    const stream = events(response);
    if (isDone) stream.send("done", "done", accepted());
    else stream.send("q1", "queued", { submittedAtMs: Date.now(), position: 2 });
  });
  const { page, close } = await open(api, HASH);
  await type(page, "x");
  await submit(page).click();
  await page.getByRole("link", { name: "Open this submission" }).waitFor();
  await api.got(`GET /result/${ID}/events`, 1);
  isDone = true;
  await page.reload();
  await page.getByText("Accepted").first().waitFor();
  await quiet(page);
  await api.got("POST /submit", 1);
  await close();
});

test("the playground runs any language with an input, and sends no problem", async () => {
  const api = solvingApi();
  const { page, close } = await open(api, "#/free");
  await page.getByLabel("Language").selectOption("ruby");
  assert.match(await shownCode(page), /gets/);
  await type(page, "puts gets");
  await page.getByLabel("Standard input").fill("hi\n");
  await page.keyboard.press("ControlOrMeta+Enter");
  await page.getByText("fine").first().waitFor();
  assert.deepEqual(sent(api, "POST /run"), [{ code: "puts gets", language: "ruby", stdin: "hi\n" }]);
  assert.equal(await submit(page).count(), 0);
  await close();
});

test("a function is solved in the languages that have starter code; limits follow the language", async () => {
  const { page, close } = await open(solvingApi(), HASH);
  await content(page).waitFor();
  const options = await page.getByLabel("Language").locator("option").allTextContents();
  assert.deepEqual(options, ["C++ 1.2.3", "JavaScript 1.2.3", "Python 1.2.3", "TypeScript 1.2.3"]);
  await page.getByText("4.0 s in Python (2.0 s × 2)").waitFor();
  await page.getByLabel("Language").selectOption("c++");
  await page.getByText("Limits: 2.0 s, 134 MB of memory.").waitFor();
  await close();
});

test("where the languages cannot be asked for, the problem can still be solved", async () => {
  const api = solvingApi().on("GET /languages", (_, response) =>
    send(response, 503, failure("unavailable", "No endpoint is there."), { "retry-after": "2" }),
  );
  const { page, close } = await open(api, HASH);
  await page.getByText("The languages could not be asked for").waitFor();
  await type(page, "x");
  await page.keyboard.press("ControlOrMeta+Enter");
  await api.got("POST /run", 1);
  await close();
});
