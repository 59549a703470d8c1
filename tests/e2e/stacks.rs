//! The stacks that the end-to-end tests share.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Instant;

use support::access_table::Setting;
use support::api::{SubmitFn, WorkerFn};
use support::harness::Suite;
use support::redis_client::RedisClient;
use support::slot::{Lent, Slot};
use support::stack;
use xtask::stack::{Ports, Stack, Var};

use crate::receiver::Receiver;

/// All stacks, each started when first asked for.
#[derive(Default)]
pub(crate) struct Stacks {
    shared: Slot<Stack>,
    exclusive: Slot<Stack>,
    closed: Slot<Stack>,
    public: Slot<Stack>,
    misconfigured: Slot<Stack>,
    webhooks: Slot<Webhooks>,
}

/// Clients of one stack.
pub(crate) struct Clients {
    pub(crate) submit_fn: SubmitFn,
    pub(crate) worker_fn: WorkerFn,
}

/// A stack that one test has for itself, with its clients.
pub(crate) struct Exclusive<'a> {
    pub(crate) stack: Lent<'a, Stack>,
    pub(crate) submit_fn: SubmitFn,
    pub(crate) worker_fn: WorkerFn,
    pub(crate) redis: RedisClient,
}

/// The stack for webhooks with its clients, and the receiver of its messages.
pub(crate) struct Webhooks {
    pub(crate) stack: Stack,
    pub(crate) submit_fn: SubmitFn,
    pub(crate) redis: RedisClient,
    pub(crate) receiver: Receiver,
    /// When a test let the pause of a delivery pass.
    pub(crate) hurried: RefCell<HashMap<String, Instant>>,
}

impl Suite for Stacks {
    type Context = Self;

    fn run(&self, test: fn(&Self)) {
        test(self);
    }

    fn stop(&self) -> Vec<u16> {
        let slots = [
            &self.shared,
            &self.exclusive,
            &self.closed,
            &self.public,
            &self.misconfigured,
        ];
        let webhooks = self.webhooks.take().map(|webhooks| webhooks.stack);
        slots
            .into_iter()
            .filter_map(Slot::take)
            .chain(webhooks)
            .flat_map(stack::stop)
            .collect()
    }
}

impl Stacks {
    /// The stack for tests that run beside others. They may not depend on an
    /// empty queue.
    pub(crate) fn shared(&self) -> Clients {
        // As of a deployment.
        let submit_vars = vec![("CALLBACK_LOOPBACK", None)];
        let start = || start("shared", submit_vars, Vec::new());
        Clients::of(&self.shared.get_or_start(start))
    }

    /// The stack for one test at a time, with an empty queue. Submissions do not
    /// wake worker-fn: a test calls it itself.
    pub(crate) fn exclusive(&self) -> Exclusive<'_> {
        let submit_vars = vec![
            ("WAKE", Some("off".to_owned())),
            ("ALLOWED_ORIGINS", Some("https://site.example".to_owned())),
        ];
        let stack = self
            .exclusive
            .get_or_start(|| start("exclusive", submit_vars, Vec::new()));
        Exclusive::of(stack)
    }

    /// The stack with the access of a deployment: every call needs a key. For one test
    /// at a time, with an empty queue, as [`Self::exclusive`].
    pub(crate) fn closed(&self) -> Exclusive<'_> {
        let mut keys = access(Setting::Keys);
        keys.push(("WEBHOOK_SECRET", None));
        let submit_vars = [keys.clone(), vec![("WAKE", Some("off".to_owned()))]].concat();
        let stack = self
            .closed
            .get_or_start(|| start("closed", submit_vars, keys));
        Exclusive::of(stack)
    }

    /// The stack with the access of a practice page, and the rates and times of a
    /// deployment: submitting needs no key. Its submissions wake worker-fn.
    pub(crate) fn public(&self) -> Clients {
        let mut vars = access(Setting::PublicSubmit);
        // Soon used up.
        vars.push(("STORE_CLIENT_MAX_MB", Some("1".to_owned())));
        let submit_vars = [vars.clone(), vec![("RATE_LIMITS", None)]].concat();
        let worker_vars = [vars, vec![("RUN_TIMEOUT_MS", None)]].concat();
        let start = || start("public", submit_vars, worker_vars);
        Clients::of(&self.public.get_or_start(start))
    }

    /// The stack for webhooks, for one test at a time: it may call this machine, its DNS
    /// resolver is the receiver's, and it gives up after three attempts.
    pub(crate) fn webhooks(&self) -> Lent<'_, Webhooks> {
        self.webhooks.get_or_start(|| {
            let receiver = Receiver::start();
            let worker_vars = vec![
                ("WEBHOOK_ATTEMPTS", Some("3".to_owned())),
                ("DNS_OVER_HTTPS_URL", Some(receiver.url("/dns-query"))),
            ];
            let stack = start("webhooks", Vec::new(), worker_vars);
            Webhooks {
                submit_fn: SubmitFn::of(&stack),
                redis: RedisClient::on_port(stack.ports.redis),
                stack,
                receiver,
                hurried: RefCell::default(),
            }
        })
    }

    /// The stack whose submit-fn lacks the Redis token and whose worker-fn lacks
    /// the execution endpoint.
    pub(crate) fn misconfigured(&self) -> Clients {
        let submit_vars = vec![("UPSTASH_REDIS_REST_TOKEN", None)];
        let worker_vars = vec![("EXECUTOR_URL", None)];
        let start = || start("misconfigured", submit_vars, worker_vars);
        Clients::of(&self.misconfigured.get_or_start(start))
    }
}

/// The variables of access that a stack does not set itself: it has a token of its own.
fn access(setting: Setting) -> Vec<Var> {
    let names = ["API_KEYS", "AUTH", "PUBLIC_SUBMIT"].into_iter();
    names.map(|name| (name, setting.variable(name))).collect()
}

impl<'a> Exclusive<'a> {
    /// Empties the queue.
    fn of(stack: Lent<'a, Stack>) -> Self {
        let redis = RedisClient::on_port(stack.ports.redis);
        redis.flush();
        Self {
            submit_fn: SubmitFn::of(&stack),
            worker_fn: WorkerFn::of(&stack),
            stack,
            redis,
        }
    }
}

impl Clients {
    fn of(stack: &Stack) -> Self {
        Self {
            submit_fn: SubmitFn::of(stack),
            worker_fn: WorkerFn::of(stack),
        }
    }
}

fn start(name: &str, submit_vars: Vec<Var>, worker_vars: Vec<Var>) -> Stack {
    let folder = format!("e2e/{name}");
    stack::start(&folder, Ports::free().unwrap(), submit_vars, worker_vars)
}
