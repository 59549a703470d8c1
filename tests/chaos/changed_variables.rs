//! A variable that a deployment changes takes effect, also in an instance that the
//! platform keeps: settings are kept by the `env` that they were read from, and for some
//! seconds.
//!
//! workerd makes a new instance for a new configuration. So a script in front of each
//! Worker hands it another `env`, or changes the one that is there, as a header asks. It
//! counts what it served, which shows that the instance is the same.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use support::http::{Response, send};
use support::wait::wait_until;
use xtask::child::{Child, Guard};
use xtask::{bundle, ports, project, workerd};

use crate::stacks::Stacks;

support::tests![a_changed_variable_takes_effect_in_a_kept_instance];

/// How long settings are kept.
const KEPT_FOR: Duration = Duration::from_secs(5);
/// How long a changed variable of the same `env` may go unnoticed, with time for the
/// request itself.
const NOTICED_WITHIN: Duration = Duration::from_secs(15);

/// Both Workers let nobody in with these variables. Neither Redis nor an endpoint is
/// there, so a call that was let in is answered 502 or 503.
const VARIABLES: [(&str, &str); 4] = [
    ("UPSTASH_REDIS_REST_URL", "http://127.0.0.1:1"),
    ("UPSTASH_REDIS_REST_TOKEN", "token"),
    ("EXECUTOR_URL", "http://127.0.0.1:1"),
    ("ADMIN_TOKEN", "the-operators-own-token"),
];

/// Each `env` is made once, as that of a deployment is.
const FRONT: &str = r#"
import Worker from "index.js";
let served = 0;
const changed = new Map();
export default {
    async fetch(request, env, context) {
        const other = request.headers.get("other-env");
        const same = request.headers.get("same-env");
        if (same !== null) Object.assign(env, JSON.parse(same));
        if (other !== null && !changed.has(other)) {
            changed.set(other, { ...env, ...JSON.parse(other) });
        }
        const given = other === null ? env : changed.get(other);
        const answer = await new Worker(context, given).fetch(request);
        const response = new Response(answer.body, answer);
        response.headers.set("served", String(++served));
        return response;
    },
};
"#;

/// A Worker behind [`FRONT`].
struct Fronted {
    url: String,
    workerd: Child,
    served: u32,
    _guard: Guard,
}

impl Fronted {
    fn start(name: &str, path: &str) -> Self {
        let folder = project::state().join("chaos/changed-variables").join(name);
        fs::create_dir_all(&folder).unwrap();
        for file in ["index.js", "index_bg.wasm"] {
            let built = project::root().join(name).join("build").join(file);
            fs::copy(built, folder.join(file)).unwrap();
        }
        fs::write(folder.join("front.js"), FRONT).unwrap();
        let [port] = ports::free().unwrap();
        let config = folder.join("config.capnp");
        fs::write(&config, configuration(port)).unwrap();
        let mut guard = Guard::start().unwrap();
        let workerd = Child::start(
            "workerd",
            &mut serve(&config),
            &folder.join("workerd.log"),
            &mut guard,
        );
        let fronted = Self {
            url: format!("http://127.0.0.1:{port}{path}"),
            workerd: workerd.unwrap(),
            served: 0,
            _guard: guard,
        };
        let health = format!("http://127.0.0.1:{port}/healthz");
        wait_until("workerd answers", Duration::from_secs(60), || {
            let response = send("GET", &health, &[], None, Duration::from_secs(20));
            response.is_ok_and(|response| response.status == 200)
        });
        fronted
    }

    /// The status, and that another request was served by the same instance.
    fn status(&mut self, headers: &[(&str, &str)]) -> u16 {
        self.ask(headers).status
    }

    fn ask(&mut self, headers: &[(&str, &str)]) -> Response {
        let response = send("GET", &self.url, headers, None, Duration::from_secs(20)).unwrap();
        let served = response.header("served").parse().unwrap();
        assert!(served > self.served, "another instance");
        self.served = served;
        response
    }

    fn stop(mut self) {
        self.workerd.ask_to_stop();
        self.workerd.wait_for_end();
    }
}

fn configuration(port: u16) -> String {
    let bindings: String = VARIABLES
        .iter()
        .map(|(name, value)| format!("(name = {name:?}, text = {value:?}), "))
        .collect();
    let date = workerd::compatibility_date().unwrap();
    format!(
        r#"using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "front", worker = .front),
    (name = "net", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [(name = "front", address = "127.0.0.1:{port}", http = (), service = "front")],
);
const front :Workerd.Worker = (
  modules = [
    (name = "front.js", esModule = embed "front.js"),
    (name = "index.js", esModule = embed "index.js"),
    (name = "index_bg.wasm", wasm = embed "index_bg.wasm"),
  ],
  bindings = [{bindings}],
  compatibilityDate = {date:?},
  globalOutbound = "net",
);
"#
    )
}

fn serve(config: &Path) -> Command {
    let mut command = Command::new(project::npm_bin("workerd"));
    command
        .arg("serve")
        .arg(config)
        .env("PATH", project::path_with_npm());
    command
}

fn a_changed_variable_takes_effect_in_a_kept_instance(_: &Stacks) {
    bundle::build_all().unwrap();
    for (name, path) in [("submit-fn", "/problems"), ("worker-fn", "/languages")] {
        let mut fronted = Fronted::start(name, path);
        let is_let_in = |status: u16| [502, 503].contains(&status);
        assert_eq!(fronted.status(&[]), 401, "{name}");
        // Another `env`, in which the check is off.
        let open = ("other-env", r#"{"AUTH":"off"}"#);
        assert!(is_let_in(fronted.status(&[open])), "{name}");
        // What was kept of it lets nobody in elsewhere.
        assert_eq!(fronted.status(&[]), 401, "{name}");
        // A mistake is told at once, and mended at once.
        let mistaken = ("other-env", r#"{"AUTH":"maybe"}"#);
        let response = fronted.ask(&[mistaken]);
        response.assert_error(500, None, "AUTH");
        assert!(is_let_in(fronted.status(&[open])), "{name}");
        // The same `env`, whose variable changes.
        let read = Instant::now();
        assert_eq!(fronted.status(&[]), 401, "{name}");
        let changing = ("same-env", r#"{"AUTH":"off"}"#);
        let status = fronted.status(&[changing]);
        if read.elapsed() < KEPT_FOR {
            assert_eq!(status, 401, "{name} reads its variables for each request");
        }
        wait_until("the variable is noticed", NOTICED_WITHIN, || {
            is_let_in(fronted.status(&[]))
        });
        fronted.stop();
    }
}
