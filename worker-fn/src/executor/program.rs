//! The files of a program as they are sent to an endpoint: the one that is run first,
//! texts as programs expect them.
//!
//! The caller of an endpoint makes it of a submission's [`Source`], or of the text that a
//! harness wrote.

use shared::domain::source::{Encoding, Source};
use shared::text::normalized;

use super::RunFile;

/// A program.
#[derive(Debug, Default)]
pub struct Program(Vec<ProgramFile>);

#[derive(Debug)]
struct ProgramFile {
    name: Option<String>,
    content: String,
    is_base64: bool,
}

impl Program {
    /// A program of one text, which the endpoint names.
    pub fn of_text(text: String) -> Self {
        Self(vec![ProgramFile {
            name: None,
            content: text,
            is_base64: false,
        }])
    }

    /// What was submitted. Bytes stay as they are.
    pub fn of(source: &Source) -> Self {
        match source {
            Source::Code(code) => Self::of_text(normalized(code).into_owned()),
            Source::Files(files) => Self(
                files
                    .entry_first()
                    .map(|file| {
                        let is_base64 = file.encoding == Encoding::Base64;
                        ProgramFile {
                            name: Some(file.name.clone()),
                            content: if is_base64 {
                                file.content.clone()
                            } else {
                                normalized(&file.content).into_owned()
                            },
                            is_base64,
                        }
                    })
                    .collect(),
            ),
        }
    }

    /// Its files, for a run.
    pub fn files(&self) -> Vec<RunFile<'_>> {
        let files = self.0.iter().map(|file| RunFile {
            name: file.name.as_deref(),
            content: &file.content,
            is_base64: file.is_base64,
        });
        files.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::domain::submission::Submission;

    #[test]
    fn texts_are_normalized_and_bytes_are_not() {
        let body = br#"{"problemId":"p","language":"c","entry":"b.c","files":[
            {"name":"a","content":"DQo=","encoding":"base64"},
            {"name":"b.c","content":"\ufeffx\r\ny"}]}"#;
        let program = Program::of(&Submission::from_body(body, 0).unwrap().source);
        let files: Vec<_> = program
            .files()
            .iter()
            .map(|file| (file.name, file.content, file.is_base64))
            .collect();
        assert_eq!(
            files,
            [(Some("b.c"), "x\ny", false), (Some("a"), "DQo=", true)]
        );
        let program = Program::of(&"x\r\n".into());
        assert_eq!(
            (program.files()[0].name, program.files()[0].content),
            (None, "x\n")
        );
    }
}
