//! One Redis command on its way out.

use serde::Serialize;

/// A command's name and arguments, as the JSON array that goes over the wire.
///
/// Arguments are text, because JSON is: bytes that are not UTF-8 cannot be
/// sent this way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Command {
    words: Vec<String>,
    #[serde(skip)]
    billed: u64,
    /// The text of the script that is called by its SHA-1.
    #[serde(skip)]
    script: Option<&'static str>,
}

/// A Lua script that Redis may hold already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Script {
    /// Its text.
    pub text: &'static str,
    /// The SHA-1 of the text, in hexadecimal digits.
    pub sha1: &'static str,
}

impl Command {
    /// A command without arguments yet.
    pub fn new(name: &str) -> Self {
        Self {
            words: vec![name.to_owned()],
            billed: 1,
            script: None,
        }
    }

    /// A call of a script by its SHA-1, which spares sending its text. Where Redis does
    /// not hold it, [`Client::command`](super::Client::command) sends the text after all;
    /// a pipeline or a transaction does not, so there a script is an `EVAL`.
    pub fn script(script: Script) -> Self {
        Self {
            script: Some(script.text),
            ..Self::new("EVALSHA").arg(script.sha1)
        }
    }

    /// The same call with the script's text; `None` where it was not called by SHA-1.
    pub(super) fn with_script_text(self) -> Option<Self> {
        let text = self.script?;
        let arguments = self.words.into_iter().skip(2);
        Some(Self {
            billed: self.billed,
            ..Self::new("EVAL").arg(text).args(arguments)
        })
    }

    /// Says how many commands it counts as, about: a script one, and one for each
    /// call inside.
    #[must_use]
    pub fn billed_as(mut self, commands: u64) -> Self {
        self.billed = commands;
        self
    }

    pub(super) fn billed(&self) -> u64 {
        self.billed
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, argument: impl ToString) -> Self {
        self.words.push(argument.to_string());
        self
    }

    /// Adds several arguments in their order.
    #[must_use]
    pub fn args<T: ToString>(mut self, arguments: impl IntoIterator<Item = T>) -> Self {
        self.words
            .extend(arguments.into_iter().map(|argument| argument.to_string()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_a_json_array_of_text() {
        let command = Command::new("SET").arg("k").arg("ä\n").args(["EX"]).arg(60);
        assert_eq!(
            serde_json::to_string(&command).unwrap(),
            r#"["SET","k","ä\n","EX","60"]"#
        );
    }
}
