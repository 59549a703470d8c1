// Verifies messages with the published library of Standard Webhooks, and that it refuses
// each of them once it is changed. Started by tests/e2e/webhooks.rs.
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const { secret, messages } = JSON.parse(readFileSync(0, "utf8"));
const webhook = new Webhook(secret);
let verified = 0;
let refused = 0;
for (const { body, headers } of messages) {
  const message = webhook.verify(body, headers);
  if (JSON.stringify(message) !== JSON.stringify(JSON.parse(body))) throw new Error(body);
  verified += 1;
  const forgeries = [
    [`${body} `, headers],
    [body, { ...headers, "webhook-id": `${headers["webhook-id"]}0` }],
    [body, { ...headers, "webhook-timestamp": `${headers["webhook-timestamp"] - 1}` }],
  ];
  for (const forgery of forgeries) {
    try {
      webhook.verify(...forgery);
    } catch {
      refused += 1;
    }
  }
}
console.log(`${verified} verified, ${refused} forgeries refused`);
