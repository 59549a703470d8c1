//! Whom docs/openapi.json lets in: for every operation, with every setting, with every
//! kind of key.
//!
//! Both Workers' own tests and the end-to-end tests include this file, so that an
//! operation that is added to the document, and none is served that is not there, is
//! tried without being written into any table.

use serde_json::Value;

/// The operator's key.
pub const ADMIN_TOKEN: &str = "the-operators-token";
/// A key that no setting knows.
pub const WRONG_KEY: &str = "nobody-knows-this-key";

/// The settings of access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// Nothing is set.
    NoKeys,
    /// Keys, and nothing is open.
    Keys,
    /// Keys, and `PUBLIC_SUBMIT=on`.
    PublicSubmit,
    /// Keys, and `AUTH=off`.
    AuthOff,
}

impl Setting {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::NoKeys, Self::Keys, Self::PublicSubmit, Self::AuthOff];

    /// A Worker's variables of access.
    pub fn variable(self, name: &str) -> Option<String> {
        let has_keys = self != Self::NoKeys;
        match name {
            "ADMIN_TOKEN" => has_keys.then(|| ADMIN_TOKEN.to_owned()),
            "API_KEYS" => has_keys.then(api_keys),
            "AUTH" => (self == Self::AuthOff).then(|| "off".to_owned()),
            "PUBLIC_SUBMIT" => (self == Self::PublicSubmit).then(|| "on".to_owned()),
            _ => None,
        }
    }

    /// Its name in `x-open-with`.
    fn opener(self) -> Option<&'static str> {
        match self {
            Self::NoKeys | Self::Keys => None,
            Self::PublicSubmit => Some("PUBLIC_SUBMIT"),
            Self::AuthOff => Some("AUTH=off"),
        }
    }
}

/// A key that a request gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// None.
    Nothing,
    /// One that is not set.
    Wrong,
    /// One with this scope alone.
    Scope(&'static str),
    /// `ADMIN_TOKEN`.
    Operator,
}

impl Given {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Nothing,
        Self::Wrong,
        Self::Scope("submit"),
        Self::Scope("read"),
        Self::Scope("work"),
        Self::Scope("admin"),
        Self::Operator,
    ];

    /// The headers that give it: each of the two ways, or none.
    pub fn headers(self) -> Vec<(&'static str, String)> {
        let key = match self {
            Self::Nothing => return Vec::new(),
            Self::Wrong => WRONG_KEY.to_owned(),
            Self::Scope(scope) => key_of(scope),
            Self::Operator => ADMIN_TOKEN.to_owned(),
        };
        vec![
            ("authorization", format!("Bearer {key}")),
            ("x-api-key", key),
        ]
    }

    fn has(self, scope: &str) -> bool {
        match self {
            Self::Nothing | Self::Wrong => false,
            Self::Scope(own) => own == scope || own == "admin",
            Self::Operator => true,
        }
    }
}

/// The key that has this scope alone.
pub fn key_of(scope: &str) -> String {
    format!("a-key-with-{scope}-alone")
}

/// The variable `API_KEYS`: a key for each scope.
pub fn api_keys() -> String {
    let keys = ["submit", "read", "work", "admin"].map(|scope| {
        let key = key_of(scope);
        serde_json::json!({ "name": scope, "key": key, "scopes": [scope] })
    });
    Value::from(keys.to_vec()).to_string()
}

/// An operation of one Worker.
#[derive(Debug, Clone)]
pub struct Operation {
    /// `GET`.
    pub method: String,
    /// `/result/{id}`.
    pub path: String,
    /// The scopes of which one is needed; none for what is always open.
    pub scopes: Vec<String>,
    /// The settings that open it.
    pub open_with: Vec<String>,
    /// The statuses that are documented.
    pub statuses: Vec<u16>,
}

/// Every documented operation of the Worker of this name.
pub fn operations(worker: &str) -> Vec<Operation> {
    let document: Value = serde_json::from_str(include_str!("../../docs/openapi.json")).unwrap();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let tags = operation["tags"].as_array().unwrap();
            if tags.iter().any(|tag| tag == worker) {
                operations.push(read(worker, method, path, operation));
            }
        }
    }
    assert!(operations.len() >= 3, "{worker}: {operations:?}");
    operations
}

fn read(worker: &str, method: &str, path: &str, operation: &Value) -> Operation {
    let own = operation.get(format!("x-at-{worker}"));
    let rule = own.unwrap_or(operation);
    let security = rule["security"].as_array();
    let security = security.unwrap_or_else(|| panic!("{method} {path} has no `security`"));
    let scopes_of = |scheme: &str| -> Vec<String> {
        let alternatives = security
            .iter()
            .filter_map(|one| one.get(scheme)?.as_array());
        let scopes = alternatives.map(|scopes| match scopes.as_slice() {
            [scope] => scope.as_str().unwrap().to_owned(),
            _ => panic!("{method} {path}: one scope an alternative"),
        });
        scopes.collect()
    };
    let scopes = scopes_of("bearer");
    assert_eq!(scopes, scopes_of("apiKey"), "{method} {path}: both headers");
    let open_with = rule.get("x-open-with").and_then(Value::as_array);
    let open_with = open_with.into_iter().flatten();
    let statuses = operation["responses"].as_object().unwrap().keys();
    Operation {
        method: method.to_uppercase(),
        path: path.to_owned(),
        scopes,
        open_with: open_with
            .map(|name| name.as_str().unwrap().to_owned())
            .collect(),
        statuses: statuses.map(|status| status.parse().unwrap()).collect(),
    }
}

impl Operation {
    /// The code of the refusal; `None` where the request is let in.
    pub fn refusal(&self, setting: Setting, given: Given) -> Option<&'static str> {
        let is_set = setting != Setting::NoKeys && given != Given::Wrong;
        let is_met = is_set && self.scopes.iter().any(|scope| given.has(scope));
        let mut openers = self.open_with.iter();
        let is_open = openers.any(|opener| Some(opener.as_str()) == setting.opener());
        if self.scopes.is_empty() || is_met {
            return None;
        }
        match (setting, given) {
            (Setting::NoKeys, _) => Some("closed"),
            (_, Given::Wrong) => Some("unauthorized"),
            _ if is_open => None,
            (_, Given::Nothing) => Some("unauthorized"),
            _ => Some("forbidden"),
        }
    }
}
