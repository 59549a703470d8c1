//! What a program told of its cases: its frames as they were written.

use std::process::Command;

use harness::{Harness, compiler_output};
use serde_json::Value;
use shared::domain::problem::types::Type;
use shared::domain::problem::{Answer, Callable, ClassSignature, Method, Param, Signature};
use shared::json::{Json, JsonText};
use tempfile::TempDir;

use super::Language;
use crate::run::{NONCE, execute, input, signature};
use crate::toolchain::Toolchain;

/// A frame: the case (or `load`), the mark and what follows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Frame {
    pub(crate) index: String,
    pub(crate) mark: char,
    pub(crate) text: String,
}

#[derive(Debug)]
pub(crate) struct Told {
    /// What the compiler said, as it is shown to the solver, if it refused the program.
    pub(crate) compiler: Option<String>,
    pub(crate) frames: Vec<Frame>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The exit code; `None`: it was killed.
    pub(crate) code: Option<i32>,
}

/// A program around some code, compiled where its language is.
pub(crate) struct Program<'a> {
    harness: Harness,
    callable: Callable<'a>,
    command: Command,
    /// What is in it is there as long as the program is.
    _folder: TempDir,
}

impl Program<'_> {
    /// Runs all cases in one process, which is killed as soon as what it printed
    /// satisfies `enough`.
    pub(crate) fn run(&mut self, cases: &[&str], enough: impl Fn(&str) -> bool) -> Told {
        let input = input(self.harness, self.callable, cases);
        let (stdout, stderr, code) = execute(&mut self.command, input, enough);
        Told {
            compiler: None,
            frames: frames(&stdout),
            stdout,
            stderr,
            code,
        }
    }
}

impl Language {
    /// The error is what a solver is shown where the compiler refuses the program.
    pub(crate) fn build<'a>(
        &self,
        callable: Callable<'a>,
        code: &str,
    ) -> Result<Program<'a>, String> {
        let folder = tempfile::tempdir().unwrap();
        let source = self.harness.source(callable, code).unwrap();
        let toolchain = Toolchain::of(self.harness).unwrap();
        let prepared = toolchain.prepare(folder.path(), &source);
        let path = format!("{}/", folder.path().display());
        let command = prepared.map_err(|said| compiler_output(&said.replace(&path, "")))?;
        Ok(Program {
            harness: self.harness,
            callable,
            command,
            _folder: folder,
        })
    }

    /// Runs all cases in one process.
    pub(crate) fn run(&self, callable: Callable<'_>, code: &str, cases: &[&str]) -> Told {
        self.run_until(callable, code, cases, |_| false)
    }

    /// The same, killed as soon as what was printed satisfies `enough`.
    pub(crate) fn run_until(
        &self,
        callable: Callable<'_>,
        code: &str,
        cases: &[&str],
        enough: impl Fn(&str) -> bool,
    ) -> Told {
        match self.build(callable, code) {
            Ok(mut program) => program.run(cases, enough),
            Err(said) => Told::refused(said),
        }
    }

    /// `run` for a function by its signature, with the answer it has.
    pub(crate) fn call(&self, function: &str, answer: Answer, code: &str, cases: &[&str]) -> Told {
        let signature = Signature {
            answer,
            ..signature(function)
        };
        self.run(Callable::Function(&signature), code, cases)
    }
}

impl Told {
    fn refused(said: String) -> Self {
        Self {
            compiler: Some(said),
            frames: Vec::new(),
            stdout: String::new(),
            stderr: String::new(),
            code: None,
        }
    }

    /// The only frame of a case.
    pub(crate) fn frame(&self, index: usize) -> (char, &str) {
        let index = index.to_string();
        let mut found = self
            .frames
            .iter()
            .filter(|frame| frame.index == index && frame.mark != '>');
        let first = found.next();
        assert!(found.next().is_none(), "two frames: {self:?}");
        first.map_or_else(
            || panic!("no frame {index}: {self:?}"),
            |frame| (frame.mark, frame.text.as_str()),
        )
    }

    /// The value of a case, in which a number that JSON has not is a text.
    pub(crate) fn value(&self, index: usize) -> Value {
        let (mark, text) = self.frame(index);
        assert_eq!(mark, '=', "case {index}: {self:?}");
        let Ok(json) = Json::parse_with_non_finite(text) else {
            panic!("case {index}: {self:?}");
        };
        let strict = JsonText::from(json).strict();
        serde_json::from_str(strict.as_deref().unwrap_or(text)).unwrap()
    }

    pub(crate) fn values(&self) -> Vec<Value> {
        assert_eq!(self.code, Some(0), "{self:?}");
        let mut cases: Vec<usize> = self
            .frames
            .iter()
            .filter_map(|frame| frame.index.parse().ok())
            .collect();
        cases.dedup();
        cases.iter().map(|&index| self.value(index)).collect()
    }

    /// What a case was not able to give: the members of its object.
    pub(crate) fn failed(&self, index: usize, mark: char) -> Value {
        let (found, text) = self.frame(index);
        assert_eq!(found, mark, "case {index}: {self:?}");
        serde_json::from_str(text).unwrap()
    }

    /// Why no case was run: the kind and the text. For a compiled language what the
    /// compiler said, in place of both.
    pub(crate) fn load(&self) -> (String, String) {
        if let Some(said) = &self.compiler {
            return ("compiler".into(), said.clone());
        }
        // A class's first object may have been made before.
        let is_begun = |frame: &&Frame| frame.mark == '>' && frame.text == "0";
        let told: Vec<&Frame> = self.frames.iter().skip_while(is_begun).collect();
        assert_eq!(told.len(), 1, "{self:?}");
        let frame = told[0];
        assert_eq!(
            (frame.index.as_str(), frame.mark),
            ("load", '!'),
            "{self:?}"
        );
        let error: Value = serde_json::from_str(&frame.text).unwrap();
        let member = |name: &str| error[name].as_str().unwrap().to_owned();
        (member("kind"), member("text"))
    }
}

fn frames(stdout: &str) -> Vec<Frame> {
    let head = format!("\x1e{NONCE} ");
    let parts = stdout.split(head.as_str()).skip(1);
    let frame = |part: &str| {
        let (line, _) = part.split_once('\n')?;
        let (index, payload) = line.split_once(' ')?;
        let mark = payload.chars().next()?;
        Some(Frame {
            index: index.into(),
            mark,
            text: payload[mark.len_utf8()..].into(),
        })
    };
    parts.filter_map(frame).collect()
}

/// `Name(type, type); method(type) -> type; …`.
pub(crate) fn class(text: &str) -> ClassSignature {
    let (constructor, methods) = text.split_once(';').unwrap();
    let constructor = signature(&format!("{constructor} -> null"));
    let method = |text: &str| Method {
        signature: signature(text.trim()),
        checker: None,
    };
    ClassSignature {
        name: constructor.name,
        params: constructor.params,
        methods: methods.split(';').map(method).collect(),
    }
}

/// A class whose methods each take and return a value of a type.
pub(crate) fn class_of(types: &[Type]) -> ClassSignature {
    let method = |(n, ty): (usize, &Type)| Method {
        signature: Signature {
            name: format!("same{n}"),
            params: vec![Param {
                name: "x".into(),
                ty: ty.clone(),
            }],
            returns: ty.clone(),
            answer: Answer::Returned,
        },
        checker: None,
    };
    ClassSignature {
        name: "Same".into(),
        params: Vec::new(),
        methods: types.iter().enumerate().map(method).collect(),
    }
}
