// A reporter of Node's test runner: how long each test took, `time SECONDS NAME`, as
// the project's other test programs write it.

export default async function* times(source) {
  for await (const { type, data } of source) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    if (data.details?.type === "suite") continue;
    yield `time ${(data.details.duration_ms / 1_000).toFixed(2)} ${data.name.replaceAll("\n", " ")}\n`;
  }
}
