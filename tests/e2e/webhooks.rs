//! Webhooks, in workerd: what a receiver gets, what follows from each way in which it
//! misbehaves, and the addresses that are never called.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::wait::{SOON, wait_for, wait_until};
use xtask::{project, python};

use crate::receiver::Message;
use crate::stacks::{Stacks, Webhooks};

support::tests![
    a_message_is_what_the_published_libraries_verify,
    a_receiver_that_misbehaves_gets_what_was_promised,
    a_delivery_outlives_its_worker,
    forbidden_addresses_are_refused_at_the_submission,
    names_of_forbidden_addresses_are_refused,
    without_a_secret_there_are_no_callbacks,
];

/// Of the table of forbidden forms, in which those of this machine are refused, too.
const FORMS: &str = include_str!("forbidden_callbacks.txt");

impl Webhooks {
    fn fresh(&self) {
        self.redis.flush();
        self.receiver.reset();
    }

    fn submit(&self, path: &str, code: &str) -> String {
        self.submit_to(&self.receiver.url(path), code)
    }

    fn submit_to(&self, url: &str, code: &str) -> String {
        self.submit_fn.submit_body(&json!({
            "problemId": "hooked", "language": "python", "code": code, "callbackUrl": url,
        }))
    }

    /// The deliveries that wait, with their due times.
    fn waiting(&self) -> Vec<(String, u64)> {
        let words = ["ZRANGE", "deliveries", "0", "-1", "WITHSCORES"];
        self.redis.run(&words)
    }

    /// Lets the pauses of deliveries pass, and the cron come. Of one that is under way
    /// that would make a second message; so each gets 15 s.
    fn next_attempt(&self) {
        for (payload, _) in self.waiting() {
            let mut hurried = self.hurried.borrow_mut();
            let last = hurried.get(&payload).map(Instant::elapsed);
            if last.is_none_or(|ago| ago > Duration::from_secs(15)) {
                let _: u64 = self.redis.run(&["ZADD", "deliveries", "XX", "0", &payload]);
                hurried.insert(payload, Instant::now());
            }
        }
        self.stack.fire_cron().unwrap();
    }

    /// Waits, and has the cron come meanwhile: after a restart of worker-fn calls by the
    /// service bindings are lost for a while.
    fn wait<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let mut cron = Instant::now();
        wait_for(what, SOON, || {
            if cron.elapsed() > Duration::from_secs(5) {
                self.stack.fire_cron().unwrap();
                cron = Instant::now();
            }
            look()
        })
    }

    fn dead_letter(&self, id: &str) -> Option<Value> {
        let path = format!("/dead/{id}.webhook");
        let response = self.submit_fn.admin("GET", &path, None);
        (response.status == 200).then(|| response.json()["dead"].clone())
    }

    /// The reason of a delivery's dead letter, once its attempts are made.
    fn given_up(&self, id: &str) -> String {
        let letter = wait_for("a dead letter", 4 * SOON, || {
            let letter = self.dead_letter(id);
            if letter.is_none() {
                self.next_attempt();
                std::thread::sleep(Duration::from_millis(500));
            }
            letter
        });
        assert_eq!(
            letter["history"].as_array().unwrap().len(),
            letter["attempts"]
        );
        letter["reason"].as_str().unwrap().to_owned()
    }
}

fn first_message(webhooks: &Webhooks, path: &str) -> Message {
    webhooks.wait("a message", || webhooks.receiver.messages(path).pop())
}

fn a_message_is_what_the_published_libraries_verify(stacks: &Stacks) {
    let webhooks = stacks.webhooks();
    webhooks.fresh();
    let ids = [
        webhooks.submit("/ok/short", "print('ä\\u0000')"),
        // 48 KiB of control characters and as much of them again in `output`.
        webhooks.submit("/ok/long", "print('\\x01' * 40000)"),
        webhooks.submit("/ok/failed", "1/0"),
    ];
    let messages =
        ["/ok/short", "/ok/long", "/ok/failed"].map(|path| first_message(&webhooks, path));
    for (id, message) in ids.iter().zip(&messages) {
        assert_eq!(message.data(), webhooks.submit_fn.finished_result(id));
        assert!(message.body.len() <= 262_144);
        let now_s = webhooks.redis.now_ms() / 1_000;
        let sent_s: u64 = message.header("webhook-timestamp").parse().unwrap();
        assert!(sent_s <= now_s + 1 && sent_s + 60 > now_s);
        assert_eq!(message.header("content-type"), "application/json");
        assert!(
            message
                .header("user-agent")
                .starts_with("edgejudge-webhook/")
        );
        // Nothing of the inside: no token, no name of a Worker.
        for (name, value) in &message.headers {
            let value = value.to_str().unwrap();
            let token = &webhooks.stack.token;
            assert!(
                !name.as_str().starts_with("x-") && !value.contains(token.as_str()),
                "{name}"
            );
        }
    }
    let secret = format!("whsec_{}", webhooks.stack.token);
    let list: Vec<Value> = messages
        .iter()
        .map(|message| {
            let header = |name| message.header(name);
            json!({"body": message.body, "headers": {
                "webhook-id": header("webhook-id"),
                "webhook-timestamp": header("webhook-timestamp"),
                "webhook-signature": header("webhook-signature"),
            }})
        })
        .collect();
    let input = json!({ "secret": secret, "messages": list }).to_string();
    let folder = project::root().join("tests/webhooks");
    let python = python::venv(&project::root().join(python::WEBHOOKS)).unwrap();
    let node = project::root().join("node_modules/.bin/node");
    for (program, script) in [(node, "verify.mjs"), (python, "verify.py")] {
        let mut child = Command::new(program)
            .arg(folder.join(script))
            .current_dir(project::root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut stdin, input.as_bytes()).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{script}");
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(said.trim(), "3 verified, 9 forgeries refused", "{script}");
    }
}

fn a_receiver_that_misbehaves_gets_what_was_promised(stacks: &Stacks) {
    let webhooks = stacks.webhooks();
    webhooks.fresh();
    let receiver = &webhooks.receiver;
    let ids = ["twice", "never", "moved", "endless"].map(|kind| {
        let id = webhooks.submit(&format!("/{kind}/x"), "print(1)");
        (kind, id)
    });
    let id_of = |kind| &ids.iter().find(|(known, _)| *known == kind).unwrap().1;
    // It fails twice, and then has it: the first pause is 5 s, the second 30 s.
    let tried = webhooks.wait("the second attempt", || {
        let tried = receiver.messages("/twice/x");
        (tried.len() >= 2).then_some(tried)
    });
    let pause = tried[1].at - tried[0].at;
    assert!(pause > Duration::from_secs(4), "{pause:?}");
    wait_until("the third attempt", SOON, || {
        webhooks.next_attempt();
        receiver.messages("/twice/x").len() == 3
    });
    let tried = receiver.messages("/twice/x");
    assert!(
        tried
            .iter()
            .all(|one| one.header("webhook-id") == tried[0].header("webhook-id"))
    );
    assert!(tried.iter().all(|one| one.body == tried[0].body));
    // Of an endless answer nothing is read.
    assert_eq!(receiver.messages("/endless/x").len(), 1);
    let never = webhooks.given_up(id_of("never"));
    assert_eq!(
        never,
        "Webhook given up after 3 attempts. The last one: the receiver answered 500"
    );
    let moved = webhooks.given_up(id_of("moved"));
    assert_eq!(
        moved,
        "Webhook given up after 3 attempts. The last one: the receiver answered 307"
    );
    assert_eq!(receiver.messages("/never/x").len(), 3);
    assert_eq!(
        receiver.messages("/stolen").len(),
        0,
        "no redirect is followed"
    );
    assert!(webhooks.waiting().is_empty());
    // None of this is the submission's: it is done, at its first attempt.
    let result = webhooks.submit_fn.result(id_of("never"));
    assert_eq!(
        (&result["status"], &result["attempts"]),
        (&json!("done"), &json!(1))
    );
    let stats = webhooks.submit_fn.admin("GET", "/stats", None).json();
    let stats = &stats["stats"];
    for number in ["due", "later", "inFlight", "deliveries"] {
        assert_eq!(stats[number], 0, "{number} of {stats}");
    }
    // The receiver is back, and the operator has it told again.
    receiver.let_go();
    let path = format!("/dead/{}.webhook/replay", id_of("never"));
    let replayed = webhooks.submit_fn.admin("POST", &path, None);
    assert_eq!(replayed.status, 200, "{}", replayed.text);
    webhooks.stack.fire_cron().unwrap();
    wait_until("the message", SOON, || {
        receiver.messages("/never/x").len() == 4
    });
    wait_until("no letter", SOON, || {
        webhooks.dead_letter(id_of("never")).is_none()
    });
    assert_eq!(
        receiver.messages("/never/x")[3].body,
        receiver.messages("/never/x")[0].body
    );
    assert_eq!(webhooks.submit_fn.result(id_of("never")), result);
}

/// A receiver takes the message and gives no answer; others and jobs go on meanwhile. The
/// Worker is killed, and its successor tells the receiver again.
fn a_delivery_outlives_its_worker(stacks: &Stacks) {
    let mut webhooks = stacks.webhooks();
    webhooks.fresh();
    let hangs = webhooks.submit("/hangs/x", "print(1)");
    let held = webhooks.submit("/held/x", "print(2)");
    let started = Instant::now();
    first_message(&webhooks, "/hangs/x");
    let others: Vec<String> = (0..3)
        .map(|number| webhooks.submit(&format!("/ok/{number}"), "print(3)"))
        .collect();
    for id in others.iter().chain([&hangs, &held]) {
        assert_eq!(webhooks.submit_fn.finished_result(id)["status"], "done");
    }
    println!(
        "\n  five done {:?} after the first message",
        started.elapsed()
    );
    let before: Vec<String> = webhooks
        .waiting()
        .into_iter()
        .map(|(payload, _)| payload)
        .collect();
    assert!(before.iter().any(|payload| payload.contains(&hangs)));
    webhooks.stack.kill("worker-fn");
    let after: Vec<String> = webhooks
        .waiting()
        .into_iter()
        .map(|(payload, _)| payload)
        .collect();
    assert!(
        after.iter().any(|payload| payload.contains(&hangs)),
        "{after:?}"
    );
    webhooks.receiver.let_go();
    webhooks.stack.restart("worker-fn").unwrap();
    let stack = &*webhooks;
    wait_until("all are told", SOON, || {
        stack.next_attempt();
        stack.waiting().is_empty()
    });
    // A third one where the cron came while the second was under way.
    let told = stack.receiver.messages("/hangs/x");
    assert!(told.len() >= 2, "{}", told.len());
    let webhook_id = told[0].header("webhook-id");
    assert!(
        told.iter()
            .all(|one| one.header("webhook-id") == webhook_id)
    );
    for number in 0..3 {
        assert!(!stack.receiver.messages(&format!("/ok/{number}")).is_empty());
    }
    assert_eq!(stack.dead_letter(&hangs), None);
    // And one that is not killed gives up after 10 s.
    webhooks.fresh();
    let hangs = webhooks.submit("/hangs/y", "print(1)");
    first_message(&webhooks, "/hangs/y");
    let reason = webhooks.given_up(&hangs);
    assert!(reason.contains("gave no answer: none within"), "{reason}");
    let letter = webhooks.dead_letter(&hangs).unwrap();
    assert_eq!(letter["history"].as_array().unwrap().len(), 3);
    // The next test's messages need not wait for the host that gave no answer.
    webhooks.stack.kill("worker-fn");
    webhooks.stack.restart("worker-fn").unwrap();
}

fn forbidden_addresses_are_refused_at_the_submission(stacks: &Stacks) {
    let shared = stacks.shared();
    let forms: Vec<String> = FORMS
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| {
            let (_, text) = line.split_once(' ').unwrap();
            let text = text.replace("\\t", "\t").replace("\\n", "\n");
            text.replace("\\0", "\0")
        })
        .chain([
            String::new(),
            format!("https://hooks.site.org/{}", "x".repeat(2_048)),
        ])
        .collect();
    assert!(forms.len() > 60, "{}", forms.len());
    let submission = |url: &Value| json!({"problemId": "p", "language": "python", "code": "print(1)", "callbackUrl": url});
    for chunk in forms.chunks(100) {
        let items: Vec<Value> = chunk.iter().map(|url| submission(&json!(url))).collect();
        let body = json!({ "submissions": items }).to_string();
        let answer = shared.submit_fn.post("/submit/batch", &body).json();
        for (url, item) in chunk.iter().zip(answer["results"].as_array().unwrap()) {
            let error = &item["error"];
            assert_eq!(error["code"], "invalid_field", "{url}: {item}");
            assert_eq!(error["field"], "callbackUrl", "{url}: {item}");
        }
    }
    for url in [
        json!(7),
        json!(["https://hooks.site.org/"]),
        json!("http://127.0.0.1/"),
    ] {
        let response = shared
            .submit_fn
            .post("/submit", &submission(&url).to_string());
        response.assert_error(422, Some("callbackUrl"), "callbackUrl must");
    }
    let fine = submission(&Value::Null).to_string();
    assert_eq!(shared.submit_fn.post("/submit", &fine).status, 200);
}

/// Public names of private addresses, found out by the resolver: a dead letter at once.
/// That nobody is called is a test of worker-fn's own, which sees the calls.
fn names_of_forbidden_addresses_are_refused(stacks: &Stacks) {
    let webhooks = stacks.webhooks();
    webhooks.fresh();
    let names = [
        "127-0-0-1.v4.site.org",
        "10-0-0-1.v4.site.org",
        "169-254-169-254.v4.site.org",
        "192-168-1-1.v4.site.org",
        "0-0-0-0.v4.site.org",
        "--1.v6.site.org",
        "fd00--1.v6.site.org",
        "--ffff-7f00-1.v6.site.org",
        "also-127-0-0-1.v4.site.org",
        "also-fe80--1.v6.site.org",
    ];
    let port = webhooks
        .receiver
        .url("")
        .rsplit_once(':')
        .unwrap()
        .1
        .to_owned();
    let ids: Vec<String> = names
        .iter()
        .map(|name| webhooks.submit_to(&format!("https://{name}:{port}/ok"), "print(1)"))
        .collect();
    // A foreign producer's job was not checked when it came.
    let foreign = json!({"problemId": "foreign", "code": "print(1)", "language": "python",
                         "callbackUrl": "http://10.0.0.1/"});
    webhooks
        .redis
        .lpush("problems", foreign.to_string().as_bytes());
    webhooks.stack.fire_cron().unwrap();
    for id in &ids {
        let letter = webhooks.wait("a dead letter", || webhooks.dead_letter(id));
        let reason = "Webhook refused: callbackUrl leads to a private, local or reserved address.";
        assert_eq!(letter["reason"], reason);
        assert_eq!(letter["attempts"], 1);
    }
    webhooks.wait("the foreign one", || {
        let dead = webhooks
            .submit_fn
            .admin("GET", "/dead?reason=Webhook%20refused", None);
        let count = dead.json()["dead"].as_array().unwrap().len();
        (count == names.len() + 1).then_some(())
    });
    let asked = webhooks.receiver.names();
    assert!(
        names.iter().all(|name| asked.iter().any(|one| one == name)),
        "{asked:?}"
    );
}

fn without_a_secret_there_are_no_callbacks(stacks: &Stacks) {
    let closed = stacks.closed();
    let body = json!({"problemId": "p", "language": "python", "code": "print(1)",
                      "callbackUrl": "https://hooks.site.org/"});
    let token = format!("Bearer {}", closed.submit_fn.admin_token);
    let headers = [("authorization", token.as_str())];
    let body = body.to_string();
    let response = closed
        .submit_fn
        .request("POST", "/submit", &headers, Some(body.as_bytes()));
    response.assert_error(422, Some("callbackUrl"), "WEBHOOK_SECRET");
    assert_eq!(response.json()["error"]["code"], "callbacks_off");
}
