//! The lines of the Workers' logs: each a JSON object, so that a collector finds its
//! members without rules of its own. `platform` writes them.
//!
//! Never in them: code, output, tokens, addresses, queries, and what a path names
//! beside a submission's id. What a stranger wrote cannot end a line or a text:
//! `serde_json` escapes it.

/// A line under way.
#[derive(Debug)]
pub struct Line(String);

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// It is as it should be.
    Info,
    /// An operator should look.
    Error,
}

impl Level {
    /// As it stands in a line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Error => "error",
        }
    }
}

impl Line {
    /// A line about an event: `{"event":…,"level":…`.
    pub fn new(event: &str, level: Level) -> Self {
        let mut line = Self(String::new());
        line.text("event", event).text("level", level.as_str());
        line
    }

    /// Adds a text.
    pub fn text(&mut self, name: &str, value: &str) -> &mut Self {
        // A text can always be written.
        self.member(name, &serde_json::to_string(value).unwrap_or_default())
    }

    /// Adds a text, if there is one.
    pub fn some_text(&mut self, name: &str, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// Adds a number.
    pub fn number(&mut self, name: &str, value: u64) -> &mut Self {
        self.member(name, &value.to_string())
    }

    fn member(&mut self, name: &str, json: &str) -> &mut Self {
        let begin = if self.0.is_empty() { "{\"" } else { ",\"" };
        for part in [begin, name, "\":", json] {
            self.0.push_str(part);
        }
        self
    }

    /// The line, without a line end.
    pub fn finish(&mut self) -> String {
        self.0.push('}');
        std::mem::take(&mut self.0)
    }
}

/// A line that is a sentence.
pub fn message(level: Level, text: &str) -> String {
    Line::new("message", level).text("message", text).finish()
}

#[cfg(test)]
mod tests {
    use fuzz::fuzz;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_line_is_an_object() {
        let line = Line::new("request", Level::Info)
            .text("route", "/submit")
            .some_text("jobId", None)
            .number("status", 200)
            .finish();
        assert_eq!(
            line,
            r#"{"event":"request","level":"info","route":"/submit","status":200}"#
        );
    }

    #[test]
    fn no_text_ends_a_line_or_forges_a_member() {
        let texts = prop_oneof!["\\PC{0,40}", "[\"\\\\\n\r\u{0}-\u{1f},:{}a]{0,40}"];
        fuzz(&texts, |text| {
            let line = message(Level::Error, &text);
            prop_assert!(!line.contains(['\n', '\r', '\0']), "{}", line);
            let read: Value = serde_json::from_str(&line).unwrap();
            let expected = json!({ "event": "message", "level": "error", "message": text });
            prop_assert_eq!(read, expected);
            Ok(())
        });
    }
}
