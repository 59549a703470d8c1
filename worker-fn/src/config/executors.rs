//! The execution endpoints: one by variables of its own, or several by
//! `EXECUTORS`.

use reqwest::Url;
use serde_json::Value;
use shared::config::{self, ConfigError, Lookup, Secret, http_url};

/// The most endpoints.
pub const MAX_ENDPOINTS: usize = 8;
/// The most that a weight may be.
const MAX_WEIGHT: u64 = 1_000;
/// The longest name of an endpoint, in characters.
const MAX_NAME_CHARS: usize = 64;
/// The variable for several.
const EXECUTORS: &str = "EXECUTORS";
/// The member of an endpoint that has no variable.
const WEIGHT: &str = "weight";

/// A setting of an endpoint: a variable of its own, or a member of an object of
/// `EXECUTORS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Url,
    Kind,
    Name,
    Token,
    TokenHeader,
}

impl Field {
    const ALL: [Self; 5] = [
        Self::Url,
        Self::Kind,
        Self::Name,
        Self::Token,
        Self::TokenHeader,
    ];

    /// The variable, the member, and what the value must be.
    fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Url => ("EXECUTOR_URL", "url", "an http or https URL"),
            Self::Kind => ("EXECUTOR_KIND", "kind", "piston or judge0"),
            Self::Name => ("EXECUTOR_NAME", "name", "a text of 1 to 64 characters"),
            Self::Token => ("EXECUTOR_TOKEN", "token", "a text that is not empty"),
            Self::TokenHeader => (
                "EXECUTOR_TOKEN_HEADER",
                "tokenHeader",
                "the name of an HTTP header",
            ),
        }
    }

    fn variable(self) -> &'static str {
        self.names().0
    }

    fn member(self) -> &'static str {
        self.names().1
    }

    fn must_be(self) -> &'static str {
        self.names().2
    }
}

/// The execution endpoints, and settings for all of them.
#[derive(Debug, Clone)]
pub struct ExecutorConfig {
    /// 1 to [`MAX_ENDPOINTS`], in the order in which they are tried.
    pub endpoints: Vec<EndpointConfig>,
    /// `EXECUTOR_TIMEOUT_MS`, how long one job may take at an endpoint, all its
    /// calls together, waiting there included. Default 15,000 ms.
    pub timeout_ms: u64,
    /// `RUN_TIMEOUT_MS`, the wall time of a program whose problem names none.
    /// Default: 10,000 ms, or what the endpoint gives where that is less.
    pub run_timeout_ms: Option<u64>,
    /// `COMPILE_TIMEOUT_MS`, the wall time of a compiler. Default: the
    /// endpoint's. Judge0 has no such limit to be set.
    pub compile_timeout_ms: Option<u64>,
}

/// An execution endpoint, and the token for it.
///
/// By variables, or by members of an object of `EXECUTORS`.
#[derive(Debug, Clone)]
pub struct EndpointConfig {
    /// `EXECUTOR_NAME` or `name`, its name in results. Default: its kind.
    pub name: String,
    /// `EXECUTOR_KIND` or `kind`: `piston` (default) or `judge0`.
    pub kind: Kind,
    /// `EXECUTOR_URL` or `url`. For Piston the part before `/execute` and
    /// `/runtimes`, for Judge0 the part before `/submissions` and `/languages`.
    /// Required.
    pub url: Url,
    /// `EXECUTOR_TOKEN` or `token`. Default: none is sent.
    pub token: Option<Secret>,
    /// `EXECUTOR_TOKEN_HEADER` or `tokenHeader`, the header that carries the
    /// token. In `Authorization`, a Piston's default, it goes as `Bearer
    /// <token>`; in any other, such as `X-Auth-Token`, a Judge0's default, it
    /// goes as it is.
    pub token_header: String,
    /// `weight`, 1 to 1,000: its share of the jobs. When one endpoint has a
    /// weight, those without have 1.
    pub weight: Option<u32>,
}

/// The protocol of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Piston's v2 API, with or without our runner's additions.
    Piston,
    /// Judge0 CE.
    Judge0,
}

impl Kind {
    fn of(name: Option<&str>) -> Option<Self> {
        match name {
            None | Some("piston") => Some(Self::Piston),
            Some("judge0") => Some(Self::Judge0),
            Some(_) => None,
        }
    }

    /// As it is configured.
    pub fn name(self) -> &'static str {
        match self {
            Self::Piston => "piston",
            Self::Judge0 => "judge0",
        }
    }

    fn token_header(self) -> &'static str {
        match self {
            Self::Piston => "Authorization",
            Self::Judge0 => "X-Auth-Token",
        }
    }
}

impl ExecutorConfig {
    /// Reads the variables named on the fields.
    pub fn from_lookup(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        let other = Field::ALL
            .into_iter()
            .map(Field::variable)
            .find(|name| config::optional(lookup, name).is_some());
        let endpoints = match (config::optional(lookup, EXECUTORS), other) {
            (None, _) => vec![one(lookup)?],
            (Some(text), None) => several(&text).map_err(invalid)?,
            (Some(_), Some(other)) => return Err(invalid(format!("unset while {other} is set"))),
        };
        Ok(Self {
            endpoints,
            timeout_ms: config::number(lookup, "EXECUTOR_TIMEOUT_MS", 15_000, 1_000..=120_000)?,
            run_timeout_ms: optional_number(lookup, "RUN_TIMEOUT_MS")?,
            compile_timeout_ms: optional_number(lookup, "COMPILE_TIMEOUT_MS")?,
        })
    }
}

fn invalid(expected: String) -> ConfigError {
    ConfigError::Invalid {
        name: EXECUTORS,
        expected,
    }
}

fn optional_number(lookup: Lookup<'_>, name: &'static str) -> Result<Option<u64>, ConfigError> {
    match config::number(lookup, name, 0, 1..=120_000)? {
        0 => Ok(None),
        ms => Ok(Some(ms)),
    }
}

fn one(lookup: Lookup<'_>) -> Result<EndpointConfig, ConfigError> {
    let setting = |field: Field| Ok(config::optional(lookup, field.variable()));
    let url = Field::Url.variable();
    if config::optional(lookup, url).is_none() {
        return Err(ConfigError::Missing(url));
    }
    endpoint(&setting, None).map_err(|field| ConfigError::Invalid {
        name: field.variable(),
        expected: field.must_be().into(),
    })
}

/// Errors: what the variable must be. Never what it is: it holds tokens.
fn several(text: &str) -> Result<Vec<EndpointConfig>, String> {
    let items = match serde_json::from_str(text) {
        Ok(Value::Array(items)) if (1..=MAX_ENDPOINTS).contains(&items.len()) => items,
        _ => return Err(format!("a JSON array of 1 to {MAX_ENDPOINTS} objects")),
    };
    let mut endpoints: Vec<EndpointConfig> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let must = |name: &str, be: &str| format!("an array whose [{index}]{name} is {be}");
        let endpoint = from_object(item).map_err(|(name, be)| must(&name, be))?;
        if endpoints.iter().any(|other| other.name == endpoint.name) {
            return Err(must(".name", "no other one's"));
        }
        endpoints.push(endpoint);
    }
    Ok(endpoints)
}

/// Errors: the member that cannot be used, and what it must be.
fn from_object(item: &Value) -> Result<EndpointConfig, (String, &'static str)> {
    let is_known = |name: &String| {
        name == WEIGHT || Field::ALL.into_iter().any(|field| field.member() == name)
    };
    let members = item.as_object();
    let Some(members) = members.filter(|members| members.keys().all(is_known)) else {
        let be = "an object of url, kind, name, token, tokenHeader and weight";
        return Err((String::new(), be));
    };
    let setting = |field: Field| match members.get(field.member()) {
        None => Ok(None),
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text.trim().to_owned())),
        Some(_) => Err(field),
    };
    let weight = match members.get(WEIGHT).map(Value::as_u64) {
        None => None,
        Some(Some(weight @ 1..=MAX_WEIGHT)) => u32::try_from(weight).ok(),
        Some(_) => return Err((".weight".into(), "a whole number from 1 to 1000")),
    };
    endpoint(&setting, weight).map_err(|field| (format!(".{}", field.member()), field.must_be()))
}

/// An endpoint from its settings, wherever they stand. Errors: the setting that
/// cannot be used.
fn endpoint(
    setting: &dyn Fn(Field) -> Result<Option<String>, Field>,
    weight: Option<u32>,
) -> Result<EndpointConfig, Field> {
    let kind = Kind::of(setting(Field::Kind)?.as_deref()).ok_or(Field::Kind)?;
    let url = setting(Field::Url)?.and_then(|text| http_url(&text));
    let name = setting(Field::Name)?.unwrap_or_else(|| kind.name().to_owned());
    if name.chars().count() > MAX_NAME_CHARS {
        return Err(Field::Name);
    }
    let token_header = setting(Field::TokenHeader)?;
    let token_header = token_header.unwrap_or_else(|| kind.token_header().to_owned());
    if http::HeaderName::try_from(token_header.as_str()).is_err() {
        return Err(Field::TokenHeader);
    }
    Ok(EndpointConfig {
        name,
        kind,
        url: url.ok_or(Field::Url)?,
        token: setting(Field::Token)?.map(Secret::new),
        token_header,
        weight,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PISTON: &str = r#"{"name":"main","url":"https://a.example/api/v2/","weight":3}"#;

    fn config(variables: &[(&str, &str)]) -> Result<ExecutorConfig, ConfigError> {
        ExecutorConfig::from_lookup(&|name| {
            let mut all = variables.iter();
            all.find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_list_is_read_with_its_defaults() {
        let spare = r#"{"kind":"judge0","url":"http://b.example","token":"hidden"}"#;
        let config = config(&[("EXECUTORS", &format!("[{PISTON},{spare}]"))]).unwrap();
        let [main, spare] = config.endpoints.as_slice() else {
            panic!("{config:?}");
        };
        assert_eq!((main.name.as_str(), main.kind), ("main", Kind::Piston));
        assert_eq!(
            (&*main.token_header, main.weight),
            ("Authorization", Some(3))
        );
        assert_eq!(main.token, None);
        assert_eq!((spare.name.as_str(), spare.kind), ("judge0", Kind::Judge0));
        assert_eq!((&*spare.token_header, spare.weight), ("X-Auth-Token", None));
        assert_eq!(spare.token.as_ref().map(Secret::expose), Some("hidden"));
        assert!(!format!("{config:?}").contains("hidden"));
    }

    #[test]
    fn one_by_variables_may_be_a_judge0() {
        let config = config(&[
            ("EXECUTOR_URL", "http://b.example"),
            ("EXECUTOR_KIND", "judge0"),
        ]);
        let endpoint = &config.unwrap().endpoints[0];
        assert_eq!(
            (endpoint.name.as_str(), endpoint.kind),
            ("judge0", Kind::Judge0)
        );
        assert_eq!(endpoint.token_header, "X-Auth-Token");
    }

    #[test]
    fn an_error_names_the_member_and_shows_nothing() {
        let secret = "hunter2";
        let url = r#""url":"http://a.example""#;
        let long = "n".repeat(65);
        for (text, part) in [
            (secret.to_owned(), "JSON array of 1 to 8"),
            ("[]".into(), "JSON array of 1 to 8"),
            (
                format!("[{}{PISTON}]", format!("{PISTON},").repeat(8)),
                "1 to 8",
            ),
            ("[3]".into(), "[0] is an object"),
            (
                format!(r#"[{PISTON},{{{url},"tokn":"{secret}"}}]"#),
                "[1] is an object",
            ),
            (format!(r#"[{{"token":"{secret}"}}]"#), "[0].url"),
            (format!(r#"[{{"url":"ftp://{secret}"}}]"#), "[0].url"),
            (format!(r#"[{{{url},"kind":"{secret}"}}]"#), "[0].kind"),
            (format!(r#"[{{{url},"name":7}}]"#), "[0].name"),
            (format!(r#"[{{{url},"name":"{long}"}}]"#), "[0].name"),
            (format!("[{PISTON},{PISTON}]"), "[1].name"),
            (format!(r#"[{{{url},"token":""}}]"#), "[0].token"),
            (
                format!(r#"[{{{url},"tokenHeader":"{secret} x"}}]"#),
                "[0].tokenHeader",
            ),
            (format!(r#"[{{{url},"weight":0}}]"#), "[0].weight"),
            (format!(r#"[{{{url},"weight":1001}}]"#), "[0].weight"),
            (format!(r#"[{{{url},"weight":"1"}}]"#), "[0].weight"),
        ] {
            let said = config(&[("EXECUTORS", &text)]).unwrap_err().to_string();
            assert!(said.contains("EXECUTORS") && said.contains(part), "{said}");
            assert!(!said.contains(secret), "{said}");
        }
    }

    #[test]
    fn one_or_several_and_not_both() {
        for other in Field::ALL.map(Field::variable) {
            let both = config(&[("EXECUTORS", &format!("[{PISTON}]")), (other, "x")]);
            let said = both.unwrap_err().to_string();
            assert!(said.contains("EXECUTORS") && said.contains(other), "{said}");
        }
        assert_eq!(
            config(&[]).unwrap_err(),
            ConfigError::Missing("EXECUTOR_URL")
        );
    }
}
