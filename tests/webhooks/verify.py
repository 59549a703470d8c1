"""Verifies messages with the published library of Standard Webhooks, and that it refuses
each of them once it is changed. Started by tests/e2e/webhooks.rs."""

import json
import sys

from standardwebhooks import Webhook, WebhookVerificationError

given = json.load(sys.stdin)
webhook = Webhook(given["secret"])
verified = refused = 0
for message in given["messages"]:
    body, headers = message["body"], message["headers"]
    if webhook.verify(body, headers) != json.loads(body):
        sys.exit(body)
    verified += 1
    earlier = str(int(headers["webhook-timestamp"]) - 1)
    for forgery in [
        (body + " ", headers),
        (body, {**headers, "webhook-id": headers["webhook-id"] + "0"}),
        (body, {**headers, "webhook-timestamp": earlier}),
    ]:
        try:
            webhook.verify(*forgery)
        except WebhookVerificationError:
            refused += 1
print(f"{verified} verified, {refused} forgeries refused")
