//! From a language to what its folder has: the source around a user's code, and
//! whether it has a type for each of a signature's.

use shared::domain::problem::{Callable, Problem};

use crate::kind::Harness;
use crate::names::EscapedCallable;
use crate::template::Unsupported;
use crate::{c, cpp, csharp, go, java, javascript, php, python, ruby, rust, typescript};

/// The languages that cannot express what a problem calls or its cases, with a sentence on
/// why. None for a problem about a program.
pub fn unsupported(problem: &Problem) -> Vec<(Harness, Unsupported)> {
    let Some(callable) = problem.callable() else {
        return Vec::new();
    };
    let check = |harness: Harness| match harness {
        Harness::C => harness
            .check(callable)
            .and_then(|()| c::check_cases(problem)),
        _ => harness.check(callable),
    };
    let all = Harness::ALL.into_iter();
    all.filter_map(|harness| Some((harness, check(harness).err()?)))
        .collect()
}

impl Harness {
    /// The source file that calls what `code` has for it.
    ///
    /// Errors: the language has no type for one of the signature's.
    pub fn source(self, callable: Callable<'_>, code: &str) -> Result<String, Unsupported> {
        self.check(callable)?;
        let named = EscapedCallable::of(self, callable);
        let callable = named.callable();
        // Editors leave a byte order mark at the start of files; inside a file it is
        // a syntax error.
        let code = code.strip_prefix('\u{feff}').unwrap_or(code);
        match self {
            Self::Python => python::source(callable, code),
            Self::JavaScript => javascript::source(callable, code),
            Self::TypeScript => typescript::source(callable, code),
            Self::Cpp => cpp::source(callable, code),
            Self::Java => java::source(callable, code),
            Self::Go => go::source(callable, code),
            Self::CSharp => csharp::source(callable, code),
            Self::Ruby => ruby::source(callable, code),
            Self::Php => php::source(callable, code),
            Self::Rust => rust::source(callable, code),
            Self::C => c::source(callable, code),
        }
    }

    /// What a solver begins with. `None`: the language cannot express the signature.
    pub(crate) fn starter(self, callable: Callable<'_>) -> Option<String> {
        let named = EscapedCallable::of(self, callable);
        let callable = named.callable();
        match self {
            Self::Python => python::starter(callable),
            Self::JavaScript => javascript::starter(callable),
            Self::TypeScript => typescript::starter(callable),
            Self::Cpp => cpp::starter(callable),
            Self::Ruby => Some(ruby::starter(callable)),
            Self::Php => Some(php::starter(callable)),
            Self::Rust => Some(rust::starter(callable)),
            Self::C => Some(c::starter(callable)),
            Self::Java => java::starter(callable),
            Self::Go => go::starter(callable),
            Self::CSharp => csharp::starter(callable),
        }
    }

    /// Whether the language can hold every text in `json`, which is a case's input or its
    /// expected value.
    pub fn holds(self, json: &str) -> bool {
        self != Self::C || !c::has_zero_byte(json)
    }

    /// Whether the language can express the signature.
    pub fn check(self, callable: Callable<'_>) -> Result<(), Unsupported> {
        callable.types().try_for_each(|ty| match self {
            Self::Python => python::check_type(ty),
            Self::JavaScript => javascript::check_type(ty),
            Self::TypeScript => typescript::check_type(ty),
            Self::Cpp => cpp::check_type(ty),
            Self::Java => java::check_type(ty),
            Self::Go => go::check_type(ty),
            Self::CSharp => csharp::check_type(ty),
            Self::Ruby => ruby::check_type(ty),
            Self::Php => php::check_type(ty),
            Self::Rust => rust::check_type(ty),
            Self::C => c::check_type(ty),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use shared::domain::ids::ProblemId;
    use shared::domain::language::expresses_all;
    use shared::domain::problem::{Answer, ClassSignature, Method, Param, Signature, Type};

    fn signature(ty: &Type) -> Signature {
        Signature {
            name: "get".into(),
            params: vec![Param {
                name: "a".into(),
                ty: ty.clone(),
            }],
            returns: ty.clone(),
            answer: Answer::Returned,
        }
    }

    /// What is refused when a problem is published is what could not be judged.
    #[test]
    fn a_signature_that_passes_has_a_source_file() {
        for text in ["int", "list<string>", "any", "null", "linked_nodes<int>"] {
            let signature = signature(&Type::parse(text).unwrap());
            let class = ClassSignature {
                name: "Store".into(),
                params: signature.params.clone(),
                methods: vec![Method {
                    signature: signature.clone(),
                    checker: None,
                }],
            };
            for callable in [Callable::Function(&signature), Callable::Class(&class)] {
                for harness in Harness::ALL {
                    let source = harness.source(callable, "").err();
                    let refused = harness.check(callable).err();
                    assert_eq!(source, refused, "{harness:?} {callable:?}");
                }
            }
        }
    }

    fn problem(kind: &str, signature: Value, input: Value, expected: Value) -> Problem {
        let first = json!({ "input": [["a"]], "expected": "a" });
        let first = if kind == "class" { json!(null) } else { first };
        let case = json!({ "input": input, "expected": expected });
        let cases = [first, case].into_iter().filter(|case| !case.is_null());
        let body = json!({
            "title": "T",
            "kind": kind,
            "signature": signature,
            "cases": cases.collect::<Vec<_>>(),
        });
        let id = ProblemId::parse("id", "id").unwrap();
        Problem::from_value(&id, &body).unwrap()
    }

    fn refused(problem: &Problem) -> Vec<(&'static str, String)> {
        let all = unsupported(problem).into_iter();
        all.map(|(harness, why)| (harness.language(), why.0))
            .collect()
    }

    /// A text of C ends at a zero byte.
    #[test]
    fn c_cannot_have_a_case_with_a_zero_byte() {
        let join = json!({
            "name": "join",
            "params": [{ "name": "words", "type": "list<string>" }],
            "returns": "string",
        });
        let function = |input: &str, expected: &str| {
            refused(&problem(
                "function",
                join.clone(),
                json!([["x", input]]),
                json!(expected),
            ))
        };
        let said = |at: usize| {
            let why = format!(
                "C's texts end at a zero byte (\\u0000), and cases[{at}] has a text with one in it."
            );
            vec![("c", why)]
        };
        assert_eq!(function("a\0b", "ab"), said(1));
        assert_eq!(function("ab", "\0"), said(1));
        // A backslash and what follows it, and other characters that are not seen.
        assert_eq!(function("\\u0000", "\\\u{1}\\\\u0000"), []);
        assert_eq!(function("\\\0", ""), said(1));
        let store = json!({
            "name": "Store",
            "params": [],
            "methods": [{
                "name": "get",
                "params": [{ "name": "key", "type": "string" }],
                "returns": "int",
            }],
        });
        let calls = json!([["Store"], ["get", "a\0"]]);
        let class = problem("class", store, calls, json!([null, 1]));
        assert_eq!(refused(&class), said(0));
        let program = json!({
            "title": "T",
            "kind": "program",
            "cases": [{ "input": "\0", "expected": "" }],
        });
        let id = ProblemId::parse("id", "id").unwrap();
        assert_eq!(refused(&Problem::from_value(&id, &program).unwrap()), []);
    }

    /// A submission in such a language is admitted without a look at its problem.
    #[test]
    fn languages_for_every_signature_are_those_that_refuse_no_type() {
        let types = [
            "int",
            "any",
            "null",
            "map<any>",
            "list<linked_list<any>>",
            "linked_nodes<any>",
            "binary_tree<string>",
        ];
        for harness in Harness::ALL {
            let takes_all = types.iter().all(|text| {
                let signature = signature(&Type::parse(text).unwrap());
                harness.check(Callable::Function(&signature)).is_ok()
            });
            let name = harness.language();
            assert_eq!(takes_all, expresses_all(name), "{name}");
        }
    }

    #[test]
    fn templates_are_filled_and_marks_in_the_code_are_left_alone() {
        let signature = Signature {
            name: "f".into(),
            params: Vec::new(),
            returns: Type::LinkedList(Box::new(Type::Int)),
            answer: Answer::Returned,
        };
        let code = "__CODE__ __COUNT__ __NAME__";
        for harness in Harness::ALL {
            let source = harness
                .source(Callable::Function(&signature), code)
                .unwrap();
            let (before, after) = source.split_once(code).unwrap();
            for part in [before, after] {
                let mut between = part.split("__").skip(1);
                assert_eq!(between.find(|name| is_mark(name)), None, "{harness:?}");
            }
        }
    }

    /// Of what stands between two `__`; C and C++ have names of that form themselves.
    fn is_mark(name: &str) -> bool {
        let is_word = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        is_word && !["FILE", "VA_ARGS"].contains(&name)
    }
}
