// JSON that the page reads and writes: numbers keep their digits, members their order.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAnswer, parseExactly, print } from "../src/base/json.ts";

test("what was read is written as it was, with names that are whole numbers in their places", () => {
  for (const text of [
    '{"b":1,"10":2,"a":{"2":[{"9":0,"8":null}],"1":"x"},"9":3}',
    '[{"2":1,"1":2},{"x":{"0":9007199254740993,"-1":1.0}},"{\\"2\\":1,\\"1\\":2}"]',
    '{"":[],"7":{},"6":[[],[{"5":true,"4":false}]],"__proto__":{"3":1,"2":2}}',
    '"\\"1\\":"',
  ]) {
    assert.equal(print(parseExactly(text), ""), text);
    const spaced = print(parseExactly(text));
    assert.equal(print(parseExactly(spaced), ""), text);
  }
  const answer = '{"cases":[{"input":[{"2":1,"1":9007199254740993}],"returned":{"1":"a","0":"b"}}]}';
  assert.equal(print(parseAnswer(answer), ""), answer);
});

test("a member that stands there twice is read once, as JSON.parse reads it", () => {
  for (const text of [
    '{"1":{"3":1,"2":[5]},"0":1,"1":7}',
    '{"1":[{"2":{}}],"1":{"2":null}}',
    '{"1":5,"1":{"4":1,"3":2}}',
  ])
    assert.deepEqual(JSON.parse(print(parseExactly(text))), JSON.parse(text));
});
