//! Deployments with a stand-in for wrangler, `stand_in.sh`.
//!
//! That its answers have wrangler's forms is held by `tests/deploy`, where wrangler
//! itself talks to a stand-in for Cloudflare's API.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempDir;

use super::*;

const MINE: [(&str, &str); 4] = [
    ("UPSTASH_REDIS_REST_URL", "https://db.example"),
    ("UPSTASH_REDIS_REST_TOKEN", "redis-hunter2"),
    ("EXECUTOR_URL", "https://runner.example/api/v2"),
    ("EXECUTOR_TOKEN", "runner-hunter2"),
];

/// An account at Cloudflare, somebody at the terminal, and what was said to them.
struct Scene {
    folder: TempDir,
    wrangler_toml: String,
    is_alone: bool,
    agrees: bool,
    /// What the operator has exported.
    environment: Vec<(&'static str, String)>,
    told: Vec<String>,
}

impl Operator for Scene {
    fn tell(&mut self, line: &str) {
        self.told.push(line.to_owned());
    }

    fn agrees(&mut self) -> Result<bool> {
        Ok(self.agrees)
    }

    fn is_alone(&self) -> bool {
        self.is_alone
    }
}

impl Scene {
    fn new() -> Self {
        let scene = Self {
            folder: tempfile::tempdir().unwrap(),
            wrangler_toml: fs::read_to_string(project::root().join("wrangler.toml")).unwrap(),
            is_alone: true,
            agrees: true,
            environment: Vec::new(),
            told: Vec::new(),
        };
        let account = r#"{"name": "Mine", "id": "a1"}"#;
        scene.write("whoami", &format!(
            r#"{{"loggedIn": true, "authType": "OAuth Token", "email": "me@example.com", "accounts": [{account}]}}"#
        ));
        scene.write("gzip-bytes", "373000");
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Deploys with these values in the operator's file.
    fn deploy(&mut self, values: &[(&str, &str)], options: &Options) -> Result<Option<Deployed>> {
        let wrangler = Wrangler::at(
            Path::new(env!("CARGO_MANIFEST_DIR")).join("src/deploy/stand_in.sh"),
            self.folder.path(),
        );
        let file: BTreeMap<_, _> = values.iter().copied().collect();
        self.write("secrets", &serde_json::to_string(&file).unwrap());
        fs::set_permissions(self.path("secrets"), fs::Permissions::from_mode(0o600)).unwrap();
        let lookup = |wanted: &str| {
            let mut exported = self.environment.iter();
            let found = exported.find(|(name, _)| *name == wanted)?;
            Some(found.1.clone())
        };
        let text = self.wrangler_toml.clone();
        let project = Project {
            wrangler_toml: &text,
            wrangler: &wrangler,
            is_account_chosen: false,
            is_in_budget: |_| Ok(()),
        };
        let values = Values::read(Some(&self.path("secrets")), lookup)?;
        deploy(options, &project, &values, self)
    }

    fn first(&mut self) -> Deployed {
        self.deploy(&MINE, &Options::default()).unwrap().unwrap()
    }

    fn refused(&mut self, values: &[(&str, &str)], options: &Options) -> String {
        let before = self.changes().len();
        let error = format!("{:#}", self.deploy(values, options).unwrap_err());
        assert_eq!(self.changes().len(), before, "{error}");
        error
    }

    /// The calls that change something at Cloudflare.
    fn changes(&self) -> Vec<String> {
        let calls = self.read("calls");
        let changes = calls
            .lines()
            .filter(|call| call.starts_with("secret bulk") || call.starts_with("deploy --env"));
        changes.map(str::to_owned).collect()
    }

    /// The value of a secret in what a Worker was given last.
    fn put(&self, environment: &str, name: &str) -> Option<String> {
        let body =
            serde_json::from_str::<serde_json::Value>(&self.read(&format!("bulk.{environment}")));
        body.ok()?[name].as_str().map(str::to_owned)
    }
}

#[test]
fn a_first_deployment_sets_secrets_then_deploys_worker_fn_then_submit_fn() {
    let mut scene = Scene::new();
    let deployed = scene.first();
    assert_eq!(
        scene.changes(),
        [
            "secret bulk --env worker",
            "secret bulk --env submit",
            "deploy --env worker",
            "deploy --env submit",
        ]
    );
    for shared in [
        "UPSTASH_REDIS_REST_URL",
        "UPSTASH_REDIS_REST_TOKEN",
        "TICKET_SECRET",
        "ADMIN_TOKEN",
    ] {
        let value = scene.put("worker", shared);
        assert!(
            value.as_ref().is_some_and(|value| !value.is_empty()),
            "{shared}"
        );
        assert_eq!(value, scene.put("submit", shared), "{shared}");
    }
    assert_eq!(
        scene.put("worker", "EXECUTOR_TOKEN").as_deref(),
        Some("runner-hunter2")
    );
    assert_eq!(scene.put("submit", "EXECUTOR_TOKEN"), None);
    assert_eq!(
        deployed.address(Worker::SubmitFn),
        Some("https://edgejudge-submit.me.workers.dev")
    );
    assert_eq!(
        deployed.key.as_ref().map(Secret::expose),
        scene.put("submit", "ADMIN_TOKEN").as_deref()
    );
}

#[test]
fn no_secret_is_an_argument_a_variable_of_wranglers_or_shown_twice() {
    let mut scene = Scene::new();
    scene.first();
    let elsewhere = [scene.read("calls"), scene.read("environment")].concat();
    let told = scene.told.join("\n");
    for name in [
        "UPSTASH_REDIS_REST_TOKEN",
        "EXECUTOR_TOKEN",
        "TICKET_SECRET",
        "ADMIN_TOKEN",
    ] {
        let value = scene.put("worker", name).unwrap();
        assert!(!elsewhere.contains(&value), "{name}");
        let is_generated = matches!(name, "TICKET_SECRET" | "ADMIN_TOKEN");
        assert_eq!(
            told.matches(&value).count(),
            usize::from(is_generated),
            "{name}"
        );
    }
    assert!(elsewhere.contains("WRANGLER_LOG_SANITIZE=true"));
    assert!(elsewhere.contains("CLOUDFLARE_ACCOUNT_ID=a1"));
}

#[test]
fn a_second_deployment_leaves_secrets_alone() {
    let mut scene = Scene::new();
    scene.first();
    fs::remove_file(scene.path("calls")).unwrap();
    scene.deploy(&MINE, &Options::default()).unwrap();
    assert_eq!(
        scene.changes(),
        ["deploy --env worker", "deploy --env submit"]
    );
    let told = scene.told.join("\n");
    assert!(
        told.contains("EXECUTOR_URL: kept; the value given is used with --replace"),
        "{told}"
    );
}

#[test]
fn an_interrupted_deployment_is_gone_on_with() {
    let mut scene = Scene::new();
    scene.write("refuse-deploy.submit", "could not resolve service binding");
    // The step shows it; the error says what to do.
    let error = format!(
        "{:#}",
        scene.deploy(&MINE, &Options::default()).unwrap_err()
    );
    assert!(error.contains("call the command again"), "{error}");
    let ticket_secret = scene.put("submit", "TICKET_SECRET");
    fs::remove_file(scene.path("refuse-deploy.submit")).unwrap();
    fs::remove_file(scene.path("calls")).unwrap();
    scene.deploy(&[], &Options::default()).unwrap();
    assert_eq!(
        scene.changes(),
        ["deploy --env worker", "deploy --env submit"]
    );
    assert_eq!(scene.put("submit", "TICKET_SECRET"), ticket_secret);
}

#[test]
fn a_secret_that_only_one_worker_has_must_be_given() {
    let mut scene = Scene::new();
    scene.write("refuse-bulk.submit", "Internal error, sent: redis-hunter2");
    let error = format!(
        "{:#}",
        scene.deploy(&MINE, &Options::default()).unwrap_err()
    );
    assert!(error.contains("sent: [redacted]"), "{error}");
    fs::remove_file(scene.path("refuse-bulk.submit")).unwrap();
    let error = scene.refused(&MINE, &Options::default());
    assert!(
        error.contains("TICKET_SECRET is in one Worker and not in the other"),
        "{error}"
    );
    assert!(!error.contains("UPSTASH"), "{error}");
    let mut values = MINE.to_vec();
    values.extend([
        ("TICKET_SECRET", "the-one-shown"),
        ("ADMIN_TOKEN", "that-too-and-longer"),
    ]);
    scene.deploy(&values, &Options::default()).unwrap();
    for environment in ["worker", "submit"] {
        assert_eq!(
            scene.put(environment, "TICKET_SECRET").as_deref(),
            Some("the-one-shown")
        );
        assert_eq!(
            scene.put(environment, "ADMIN_TOKEN").as_deref(),
            Some("that-too-and-longer")
        );
    }
}

#[test]
fn what_is_missing_is_named_at_once() {
    let mut scene = Scene::new();
    let error = scene.refused(&[], &Options::default());
    for name in [
        "UPSTASH_REDIS_REST_URL",
        "UPSTASH_REDIS_REST_TOKEN",
        "EXECUTOR_URL",
    ] {
        assert!(error.contains(&format!("{name} is missing")), "{error}");
    }
}

#[test]
fn without_a_login_or_consent_nothing_is_changed() {
    let mut scene = Scene::new();
    scene.agrees = false;
    assert_eq!(
        scene.refused(&MINE, &Options::default()),
        "nothing was changed"
    );
    scene.agrees = true;
    scene.is_alone = false;
    let error = scene.refused(
        &MINE,
        &Options {
            yes: true,
            ..Options::default()
        },
    );
    assert!(
        error.contains("TICKET_SECRET, ADMIN_TOKEN would be shown"),
        "{error}"
    );
    scene.write("refuse-list.worker", "Authentication error [code: 10000]");
    assert!(
        scene
            .refused(&MINE, &Options::default())
            .contains("Authentication error")
    );
    let accounts = r#"[{"name": "A", "id": "1"}, {"name": "B", "id": "2"}]"#;
    scene.write(
        "whoami",
        &format!(r#"{{"loggedIn": true, "accounts": {accounts}}}"#),
    );
    let error = scene.refused(&MINE, &Options::default());
    assert!(
        error.contains("CLOUDFLARE_ACCOUNT_ID: A (1), B (2)"),
        "{error}"
    );
    scene.write("whoami", r#"{"loggedIn": false}"#);
    assert!(
        scene
            .refused(&MINE, &Options::default())
            .contains("wrangler login")
    );
}

#[test]
fn a_dry_run_needs_no_login_and_changes_nothing() {
    let mut scene = Scene::new();
    scene.write("whoami", r#"{"loggedIn": false}"#);
    let options = Options {
        dry_run: true,
        ..Options::default()
    };
    assert!(scene.deploy(&[], &options).unwrap().is_none());
    assert_eq!(scene.changes(), Vec::<String>::new());
    let told = scene.told.join("\n");
    assert!(
        told.contains("before a deployment: UPSTASH_REDIS_REST_URL is missing"),
        "{told}"
    );
    assert!(told.contains("worker-fn: 364 KiB after gzip"), "{told}");
}

#[test]
fn names_that_do_not_agree_are_refused_before_wrangler_is_called() {
    let mut scene = Scene::new();
    scene.wrangler_toml = scene
        .wrangler_toml
        .replace("name = \"edgejudge-worker\"", "name = \"another\"");
    let error = scene.refused(&MINE, &Options::default());
    assert!(
        error.contains("binds WORKER to edgejudge-worker"),
        "{error}"
    );
    assert!(error.contains("binds SELF to edgejudge-worker"), "{error}");
    assert_eq!(scene.read("calls"), "");
}

#[test]
fn a_worker_that_is_too_large_is_refused_before_anything_is_changed() {
    let mut scene = Scene::new();
    scene.write("gzip-bytes", "3000001");
    assert!(
        scene
            .refused(&MINE, &Options::default())
            .contains("more than Cloudflare allows")
    );
}

#[test]
fn one_kind_of_key_is_enough() {
    let keys = r#"[{"name":"site","key":"0123456789abcdef","scopes":["submit"]}]"#;
    let mut values = MINE.to_vec();
    values.push(("API_KEYS", keys));
    let mut scene = Scene::new();
    scene.deploy(&values, &Options::default()).unwrap();
    assert_eq!(scene.put("submit", "ADMIN_TOKEN"), None);
    assert_eq!(scene.put("worker", "API_KEYS").as_deref(), Some(keys));
    let mut scene = Scene::new();
    let vars = "vars]\nPLAN = \"free\"\n";
    let open = format!("{vars}AUTH = \"off\"\n");
    scene.wrangler_toml = scene.wrangler_toml.replace(vars, &open);
    scene.first();
    assert_eq!(scene.put("submit", "ADMIN_TOKEN"), None);
    assert!(scene.put("submit", "TICKET_SECRET").is_some());
}

#[test]
fn a_secret_is_replaced_in_both_workers_when_asked_for() {
    let mut scene = Scene::new();
    scene.first();
    let old = scene.put("worker", "ADMIN_TOKEN").unwrap();
    // As it is where problems were pushed before; it is not taken for the new one.
    scene.environment = vec![("ADMIN_TOKEN", old.clone())];
    let replace = |name: &str| Options {
        replace: vec![name.to_owned()],
        ..Options::default()
    };
    let deployed = scene.deploy(&[], &replace("ADMIN_TOKEN")).unwrap().unwrap();
    let new = scene.put("worker", "ADMIN_TOKEN").unwrap();
    assert_ne!(new, old);
    let key = deployed.key.as_ref().map(Secret::expose);
    assert_eq!(key, Some(new.as_str()), "the check afterwards takes it");
    assert_eq!(scene.put("submit", "ADMIN_TOKEN"), Some(new));
    assert_eq!(
        scene.put("submit", "TICKET_SECRET"),
        None,
        "only what was asked for"
    );
    let error = scene.refused(&[], &replace("EXECUTOR_TOKEN"));
    assert!(
        error.contains("--replace EXECUTOR_TOKEN: give its new value"),
        "{error}"
    );
    assert!(
        scene
            .refused(&[], &replace("PATH"))
            .contains("no such secret")
    );
}

#[test]
fn a_token_of_the_environment_becomes_no_key_of_a_deployment() {
    let mut scene = Scene::new();
    let exported = |name| (name, "of-a-development-stack".to_owned());
    scene.environment = vec![exported("ADMIN_TOKEN"), exported("TICKET_SECRET")];
    scene.first();
    for name in ["ADMIN_TOKEN", "TICKET_SECRET"] {
        let value = scene.put("worker", name).unwrap();
        assert_ne!(value, "of-a-development-stack");
    }
    // What others gave out may come from there.
    scene.environment = vec![("EXECUTOR_TOKEN", "the-new-one".into())];
    let options = Options {
        replace: vec!["EXECUTOR_TOKEN".into()],
        ..Options::default()
    };
    scene.deploy(&[], &options).unwrap();
    let put = scene.put("worker", "EXECUTOR_TOKEN");
    assert_eq!(put.as_deref(), Some("the-new-one"));
}

#[test]
fn values_that_cannot_work_are_refused() {
    let key =
        |name: &str, key: &str| format!(r#"{{"name":"{name}","key":"{key}","scopes":["submit"]}}"#);
    let good = key("site", "hunter2-hunter2-hunter2");
    let beside = |other: String| format!("[{good},{other}]");
    let twin = key("twin", "hunter2-hunter2-hunter2");
    let operators = key("more", "operators-hunter2");
    for (name, value, said) in [
        (
            "EXECUTOR_URL",
            "http://runner.example".into(),
            "must begin with https://",
        ),
        ("ADMIN_TOKEN", "hunter2\n".into(), "line break"),
        ("EXECUTORS", "{}".into(), "JSON array"),
        ("API_KEYS", "hunter2".into(), "JSON array"),
        ("API_KEYS", beside(key("short", "hunter2")), "key 2 "),
        (
            "API_KEYS",
            beside(good.replace("submit", "hunter2")),
            "key 2 ",
        ),
        ("API_KEYS", beside(twin), "key 2 has the value"),
        ("API_KEYS", beside(operators), "key 2 has the value"),
        ("WEBHOOK_SECRET", "hunter2".into(), "whsec_ and the base64"),
        ("TICKET_SECRET", "hunter2".repeat(1000), "7000 bytes"),
    ] {
        let mut values = vec![("ADMIN_TOKEN", "operators-hunter2")];
        values.extend(MINE);
        values.retain(|(mine, _)| *mine != name);
        values.push((name, &value));
        let error = Scene::new().refused(&values, &Options::default());
        assert!(
            error.contains(said) && error.contains(name) && !error.contains("hunter2"),
            "{error}"
        );
    }
}
