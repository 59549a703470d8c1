// Uses Upstash's TypeScript SDK with the server at UPSTASH_REDIS_REST_URL and the token
// UPSTASH_REDIS_REST_TOKEN. Started by `upstash_sdk.rs`, which checks by the last line
// that the whole script ran.

import assert from "node:assert/strict";
import { Redis } from "@upstash/redis";

const url = process.env.UPSTASH_REDIS_REST_URL;
const token = process.env.UPSTASH_REDIS_REST_TOKEN;
assert.ok(url && token, "UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN are set");

// A failure must fail at once.
const options = { url, token, retry: false };

async function commands(redis) {
  await redis.flushall();

  assert.equal(await redis.ping(), "PONG");
  assert.equal(await redis.set("plain", "text"), "OK");
  assert.equal(await redis.get("plain"), "text");
  assert.equal(await redis.get("missing"), null);
  const unicode = "naïve 😀 \u0000 \"quotes\" \\ \r\n 日本語";
  await redis.set("unicode", unicode);
  assert.equal(await redis.get("unicode"), unicode);
  await redis.set("ok", "OK");
  assert.equal(await redis.get("ok"), "OK");

  await redis.set("number", 12.5);
  assert.equal(await redis.get("number"), 12.5);
  await redis.set("true", true);
  assert.equal(await redis.get("true"), true);
  const object = { list: [1, "two", null], nested: { empty: {} } };
  await redis.set("object", object, { ex: 100 });
  assert.deepEqual(await redis.get("object"), object);
  assert.equal(await redis.ttl("object"), 100);
  assert.equal(await redis.incrby("counter", 41), 41);
  assert.equal(await redis.incr("counter"), 42);

  assert.equal(await redis.lpush("problems", { id: 1 }, { id: 2 }), 2);
  assert.deepEqual(await redis.rpop("problems"), { id: 1 });
  assert.deepEqual(await redis.lrange("problems", 0, -1), [{ id: 2 }]);
  assert.equal(await redis.rpop("nothing"), null);

  assert.equal(await redis.hset("hash", { a: 1, b: "two", c: { d: [] } }), 3);
  assert.deepEqual(await redis.hgetall("hash"), { a: 1, b: "two", c: { d: [] } });
  assert.deepEqual(await redis.hmget("hash", "a", "none"), { a: 1, none: null });
  assert.equal(await redis.hgetall("nothing"), null);

  await redis.zadd("zset", { score: 1.5, member: "a" }, { score: 2, member: "b" });
  assert.deepEqual(await redis.zrange("zset", 0, -1, { withScores: true }), ["a", 1.5, "b", 2]);
  assert.deepEqual((await redis.scan(0, { match: "zs*", count: 1000 }))[1], ["zset"]);
  await redis.xadd("stream", "*", { field: "value" });
  assert.deepEqual(Object.values(await redis.xrange("stream", "-", "+")), [{ field: "value" }]);

  const script = "redis.call('SET', KEYS[1], ARGV[1]) return {ARGV[1], 7, {'deep', false}}";
  assert.deepEqual(await redis.eval(script, ["by-script"], ["väl"]), ["väl", 7, ["deep", null]]);
  assert.deepEqual(await redis.eval("return {redis.call('SET', 'x', '1')}", [], []), ["OK"]);
  const sha = await redis.scriptLoad("return ARGV[1]");
  assert.equal(await redis.evalsha(sha, [], ["again"]), "again");
  await assert.rejects(redis.evalsha("f".repeat(40), [], []), /NOSCRIPT/);

  await assert.rejects(redis.incr("plain"), /ERR value is not an integer or out of range/);
  await assert.rejects(redis.lpush("plain", "x"), /WRONGTYPE/);
  await assert.rejects(redis.set("k", undefined), /ERR null args are not supported/);
}

async function batches(redis) {
  await redis.flushall();

  const pipeline = redis.pipeline();
  pipeline.set("a", "1");
  pipeline.incr("a");
  pipeline.hset("h", { f: "v" });
  pipeline.hgetall("h");
  assert.deepEqual(await pipeline.exec(), ["OK", 2, 1, { f: "v" }]);

  const failing = redis.pipeline();
  failing.set("text", "x");
  failing.incr("text");
  failing.get("text");
  const answers = await failing.exec({ keepErrors: true });
  assert.equal(answers[0].result, "OK");
  assert.match(answers[1].error, /^ERR value is not an integer/);
  assert.equal(answers[2].result, "x");

  const transaction = redis.multi();
  transaction.set("n", 1);
  transaction.incrby("n", 4);
  transaction.get("n");
  assert.deepEqual(await transaction.exec(), ["OK", 5, 5]);
}

async function autoPipelining() {
  const redis = new Redis({ ...options, enableAutoPipelining: true });
  const before = redis.pipelineCounter;
  const written = await Promise.all([
    redis.set("auto-1", "a"),
    redis.set("auto-2", "b"),
    redis.lpush("auto-list", 1, 2, 3),
  ]);
  assert.deepEqual(written, ["OK", "OK", 3]);
  assert.equal(redis.pipelineCounter, before + 1, "one request for all that write");
  const read = await Promise.all([
    redis.get("auto-1"),
    redis.get("auto-2"),
    redis.lrange("auto-list", 0, -1),
  ]);
  assert.deepEqual(read, ["a", "b", [3, 2, 1]]);
  assert.equal(redis.pipelineCounter, before + 2, "one request for all that read");
  // A failure does not affect the others.
  const settled = await Promise.allSettled([redis.get("auto-1"), redis.incr("auto-2")]);
  assert.equal(settled[0].value, "a");
  assert.match(String(settled[1].reason), /not an integer/);
}

async function publishing(redis) {
  const subscription = redis.subscribe(["news"]);
  const subscribed = new Promise((resolve) => subscription.on("subscribe", resolve));
  const received = new Promise((resolve) => subscription.on("message", resolve));
  assert.equal(await subscribed, 1);
  assert.equal(await redis.publish("news", { hello: "wörld" }), 1);
  assert.deepEqual(await received, { channel: "news", message: { hello: "wörld" } });
  await subscription.unsubscribe();
}

async function syncToken() {
  const seen = [];
  const fetched = globalThis.fetch;
  globalThis.fetch = (address, init) => {
    seen.push(new Headers(init.headers).get("upstash-sync-token"));
    return fetched(address, init);
  };
  try {
    const redis = new Redis(options);
    await redis.set("k", "v");
    await redis.get("k");
    await redis.get("k");
  } finally {
    globalThis.fetch = fetched;
  }
  // The SDK sends the latest token back.
  assert.ok(seen.at(-1), `a token came back: ${JSON.stringify(seen)}`);
}

for (const responseEncoding of ["base64", false]) {
  const redis = new Redis({ ...options, responseEncoding });
  await commands(redis);
  await batches(redis);
  await publishing(redis);
}
await autoPipelining();
await syncToken();

const unauthorized = new Redis({ ...options, token: "wrong" });
await assert.rejects(unauthorized.get("k"), /Unauthorized/);

console.log("all good");
