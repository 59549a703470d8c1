// The Worker that `cargo xtask bench queue` compares with: the classic design,
// as plainly as one would write it with Upstash's own client.
//
//   POST /submit   LPUSH problems
//   GET  /worker   RPOP problems, have it run once, SET result:{id}
//
// It is unsafe on purpose: a job is gone from the list while it runs. With
// INDEX=on it also keeps a list of a problem's results, as edgejudge does
// unless it is told not to; both writes then go in one round trip.
import { Redis } from "@upstash/redis/cloudflare";

const RESULT_TTL_S = 86_400;
const LANGUAGES = ["python", "javascript", "rust"];

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (request.method === "POST" && pathname === "/submit") {
      return submit(request, env);
    }
    if (request.method === "GET" && pathname === "/worker") {
      return work(env);
    }
    return new Response("Not Found", { status: 404 });
  },
};

async function submit(request, env) {
  const { problemId, code, language } = await request.json();
  if (!problemId || !code || !LANGUAGES.includes(language)) {
    return Response.json({ success: false }, { status: 422 });
  }
  const id = crypto.randomUUID();
  const submittedAtMs = Date.now();
  await Redis.fromEnv(env).lpush("problems", { id, problemId, code, language, submittedAtMs });
  return Response.json({ success: true, message: "Submission received and stored.", id });
}

async function work(env) {
  // Anew for each request: its automatic pipeline must not mix two requests.
  const redis = Redis.fromEnv(env);
  const job = await redis.rpop("problems");
  if (!job) {
    return Response.json({ success: true, message: "No jobs in queue" });
  }
  const startedAtMs = Date.now();
  const answer = await fetch(`${env.EXECUTOR_URL}/execute`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ language: job.language, version: "*", files: [{ content: job.code }] }),
  });
  if (!answer.ok) {
    return Response.json({ success: false }, { status: 502 });
  }
  const { version, run } = await answer.json();
  const result = {
    id: job.id,
    problemId: job.problemId,
    language: job.language,
    languageVersion: version,
    status: "done",
    verdict: run.code === 0 ? "Executed" : "Runtime Error",
    output: run.output,
    run,
    submittedAtMs: job.submittedAtMs,
    startedAtMs,
    finishedAtMs: Date.now(),
  };
  const writes = [redis.set(`result:${job.id}`, result, { ex: RESULT_TTL_S })];
  if (env.INDEX === "on") {
    const { id, verdict, finishedAtMs } = result;
    writes.push(redis.lpush(`results:${job.problemId}`, { id, verdict, finishedAtMs }));
  }
  await Promise.all(writes);
  return Response.json({ success: true, message: "Processed job", job, result });
}
