//! Where code runs: one endpoint by variables of its own, or several by
//! `EXECUTORS`.

use reqwest::Url;
use serde_json::Value;
use shared::config::{self, ConfigError, Lookup, Secret};

/// The most endpoints.
pub const MAX_ENDPOINTS: usize = 8;
/// The most that a weight may be.
const MAX_WEIGHT: u64 = 1_000;
/// The longest name of an endpoint, in characters.
const MAX_NAME_CHARS: usize = 64;
/// The variable for several.
const EXECUTORS: &str = "EXECUTORS";
// What is told of an endpoint, by the numbers of the lists below.
const URL: usize = 0;
const KIND: usize = 1;
const NAME: usize = 2;
const TOKEN: usize = 3;
const HEADER: usize = 4;
/// The variables for one.
const ONE: [&str; 5] = [
    "EXECUTOR_URL",
    "EXECUTOR_KIND",
    "EXECUTOR_NAME",
    "EXECUTOR_TOKEN",
    "EXECUTOR_TOKEN_HEADER",
];
/// The members of an object of `EXECUTORS`, and one more.
const MEMBERS: [&str; 5] = ["url", "kind", "name", "token", "tokenHeader"];
const WEIGHT: &str = "weight";
/// What each of them must be.
const MUST_BE: [&str; 5] = [
    "an http or https URL",
    "piston or judge0",
    "a text of 1 to 64 characters",
    "a text that is not empty",
    "the name of an HTTP header",
];

/// The execution endpoints and what holds for all of them.
#[derive(Debug, Clone)]
pub struct ExecutorConfig {
    /// 1 to [`MAX_ENDPOINTS`], in the order in which they are asked.
    pub endpoints: Vec<EndpointConfig>,
    /// `EXECUTOR_TIMEOUT_MS`, how long one job may take at an endpoint, all its
    /// calls together, waiting there included. Default 15,000 ms.
    pub timeout_ms: u64,
    /// `RUN_TIMEOUT_MS`, the wall time of a program whose problem names none.
    /// Default: the endpoint's.
    pub run_timeout_ms: Option<u64>,
    /// `COMPILE_TIMEOUT_MS`, the wall time of a compiler. Default: the
    /// endpoint's. Judge0 has no such limit to be set.
    pub compile_timeout_ms: Option<u64>,
}

/// An execution endpoint and how to be let in.
///
/// By variables, or by members of an object of `EXECUTORS`.
#[derive(Debug, Clone)]
pub struct EndpointConfig {
    /// `EXECUTOR_NAME` or `name`, what results call it. Default: its kind.
    pub name: String,
    /// `EXECUTOR_KIND` or `kind`: `piston` (default) or `judge0`.
    pub kind: Kind,
    /// `EXECUTOR_URL` or `url`. Of a Piston v2 API what stands before `/execute`
    /// and `/runtimes`, of a Judge0 what stands before `/submissions` and
    /// `/languages`. Required.
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

/// What an endpoint speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Piston's v2 API, and what our own runner adds to it.
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

    fn name(self) -> &'static str {
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
        let other = ONE
            .into_iter()
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
    let member = |at: usize| Ok(config::optional(lookup, ONE[at]));
    if config::optional(lookup, ONE[URL]).is_none() {
        return Err(ConfigError::Missing(ONE[URL]));
    }
    endpoint(&member, None).map_err(|at| ConfigError::Invalid {
        name: ONE[at],
        expected: MUST_BE[at].into(),
    })
}

/// Errors: what the variable must be. Never what it is: it holds tokens.
fn several(text: &str) -> Result<Vec<EndpointConfig>, String> {
    let items = match serde_json::from_str(text) {
        Ok(Value::Array(items)) if (1..=MAX_ENDPOINTS).contains(&items.len()) => items,
        _ => return Err(format!("a JSON array of 1 to {MAX_ENDPOINTS} objects")),
    };
    let mut endpoints: Vec<EndpointConfig> = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let must = |name: &str, be: &str| format!("an array whose [{at}]{name} is {be}");
        let members = item.as_object();
        let unknown = |name: &String| name != WEIGHT && !MEMBERS.contains(&&**name);
        let Some(members) = members.filter(|members| !members.keys().any(unknown)) else {
            let be = "an object of url, kind, name, token, tokenHeader and weight";
            return Err(must("", be));
        };
        let member = |at: usize| match members.get(MEMBERS[at]) {
            None => Ok(None),
            Some(Value::String(text)) if !text.trim().is_empty() => {
                Ok(Some(text.trim().to_owned()))
            }
            Some(_) => Err(at),
        };
        let weight = match members.get(WEIGHT).map(Value::as_u64) {
            None => None,
            Some(Some(weight @ 1..=MAX_WEIGHT)) => u32::try_from(weight).ok(),
            Some(_) => return Err(must(".weight", "a whole number from 1 to 1000")),
        };
        let endpoint = endpoint(&member, weight)
            .map_err(|at| must(&format!(".{}", MEMBERS[at]), MUST_BE[at]))?;
        if endpoints.iter().any(|other| other.name == endpoint.name) {
            return Err(must(".name", "no other one's"));
        }
        endpoints.push(endpoint);
    }
    Ok(endpoints)
}

/// An endpoint by its members, whatever they are called where they stand.
/// Errors: the number of the one that cannot be used.
fn endpoint(
    member: &dyn Fn(usize) -> Result<Option<String>, usize>,
    weight: Option<u32>,
) -> Result<EndpointConfig, usize> {
    let kind = Kind::of(member(KIND)?.as_deref()).ok_or(KIND)?;
    let url = member(URL)?.and_then(|text| http_url(&text)).ok_or(URL)?;
    let name = member(NAME)?.unwrap_or_else(|| kind.name().to_owned());
    if name.chars().count() > MAX_NAME_CHARS {
        return Err(NAME);
    }
    let token_header = member(HEADER)?.unwrap_or_else(|| kind.token_header().to_owned());
    if http::HeaderName::try_from(token_header.as_str()).is_err() {
        return Err(HEADER);
    }
    Ok(EndpointConfig {
        name,
        kind,
        url,
        token: member(TOKEN)?.map(Secret::new),
        token_header,
        weight,
    })
}

fn http_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
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
        for other in ONE {
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
