//! The headers of a request that the Workers read: no other is copied out of the
//! platform.
//!
//! A browser behind Cloudflare sends twenty headers and more, and each one that crosses
//! into wasm costs processor time. Code that reads another one finds it missing in
//! workerd, whatever its own tests say; so a test here looks for such reads.

use http::{HeaderName, header};

use super::{API_KEY_HEADER, rates};
use crate::domain::client::CALLER_HEADER;
use crate::domain::ticket::{AWAIT_HEADER, SEES_ALL_HEADER, SERVICE_TOKEN_HEADER};
use crate::redis::COMMANDS_HEADER;
use crate::trace::TRACEPARENT;

/// All of them.
pub const READ: [HeaderName; 18] = [
    header::ACCEPT,
    header::AUTHORIZATION,
    header::CONTENT_LENGTH,
    header::IF_NONE_MATCH,
    header::ORIGIN,
    HeaderName::from_static("cf-ray"),
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("last-event-id"),
    HeaderName::from_static("sec-fetch-dest"),
    HeaderName::from_static("sec-fetch-site"),
    HeaderName::from_static(rates::ADDRESS),
    HeaderName::from_static(API_KEY_HEADER),
    HeaderName::from_static(AWAIT_HEADER),
    HeaderName::from_static(CALLER_HEADER),
    HeaderName::from_static(COMMANDS_HEADER),
    HeaderName::from_static(SEES_ALL_HEADER),
    HeaderName::from_static(SERVICE_TOKEN_HEADER),
    HeaderName::from_static(TRACEPARENT),
];

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::Path;

    use super::*;

    /// Read off responses only.
    const OF_RESPONSES: [&str; 6] = [
        "cache-control",
        "content-encoding",
        "content-length",
        "content-type",
        "location",
        "retry-after",
    ];

    /// The text of every source file that is no test, without its tests.
    fn sources(folder: &Path, all: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                sources(&path, all);
            } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
                let text = fs::read_to_string(&path).unwrap();
                all.push(text.split("\nmod tests {").next().unwrap().to_owned());
            }
        }
    }

    /// Constants that are texts, by their names.
    fn constants(sources: &[String]) -> BTreeMap<&str, &str> {
        let lines = sources.iter().flat_map(|text| text.lines());
        lines
            .filter_map(|line| {
                let (name, value) = line.split_once("const ")?.1.split_once(": &str = \"")?;
                Some((name, value.strip_suffix("\";")?))
            })
            .collect()
    }

    /// The header that an argument names, if it names one.
    fn named(argument: &str, constants: &BTreeMap<&str, &str>) -> Option<String> {
        let argument = argument.trim_start_matches('&');
        if let Some(name) = argument.split("header::").nth(1) {
            return Some(name.to_lowercase().replace('_', "-"));
        }
        let last = argument.rsplit("::").next()?;
        let text = constants.get(last).copied();
        let literal = || argument.strip_prefix('"')?.strip_suffix('"');
        let name = text.or_else(literal)?;
        // Texts are looked up in much else.
        let is_header = name.contains('-') || name == TRACEPARENT || name == "accept";
        is_header.then(|| name.to_lowercase())
    }

    #[test]
    fn each_header_that_is_read_is_copied_out_of_the_platform() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut all = Vec::new();
        for part in ["shared/src", "submit-fn/src", "worker-fn/src"] {
            sources(&root.join(part), &mut all);
        }
        let constants = constants(&all);
        let mut read = BTreeSet::new();
        for text in &all {
            let calls = [".get(", ".get_all(", ".contains_key(", "is_one_of("];
            for call in calls {
                let arguments = text.split(call).skip(1);
                let arguments = arguments.filter_map(|rest| rest.split([')', ',']).next());
                read.extend(arguments.filter_map(|argument| named(argument, &constants)));
            }
        }
        let copied: BTreeSet<String> = READ.iter().map(ToString::to_string).collect();
        let requests: BTreeSet<String> = read
            .iter()
            .filter(|name| !OF_RESPONSES.contains(&name.as_str()))
            .cloned()
            .collect();
        // platform itself reads the length.
        let mut expected = copied.clone();
        expected.remove("content-length");
        assert_eq!(requests, expected);
    }
}
