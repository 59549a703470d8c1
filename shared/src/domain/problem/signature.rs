//! From JSON to what is called: a [`Signature`] with its answer, or a
//! [`ClassSignature`].

use super::object::{ObjectReader, Violations, element};
use super::{
    Answer, Checker, ClassSignature, Kind, MAX_METHODS, MAX_PARAMS, Method, Param, Signature, Type,
};
use crate::domain::violation::Violation;
use crate::json::Json;

/// Names that harnesses define. What a language has for itself, such as its keywords, gets a
/// `_` at its end in that language.
const RESERVED: [&str; 5] = ["main", "std", "ListNode", "TreeNode", "Solution"];

/// What a language takes for a constructor.
const CONSTRUCTORS: [&str; 2] = ["constructor", "initialize"];

const NAME: &str = "must be 1 to 64 of A-Z a-z 0-9 _, must not begin with a digit and must not \
hold __.";
const TAKEN: &str = "must not be main, std, ListNode, TreeNode or Solution.";
const TYPE: &str = "must be int, float, string, bool, null, any, list<T>, map<T>, linked_list<T>, \
binary_tree<T> or linked_nodes<T>, at most 8 deep.";
const NODES: &str = "may have linked_nodes<T> as a whole only, not within another type.";

impl Kind {
    /// Reads the kind of a stored problem, with what is called.
    pub fn of_stored(problem: Json<'_>) -> Result<Self, Violation> {
        let mut violations = Violations::default();
        let mut members = ObjectReader::new(problem, String::new(), &mut violations);
        let kind = Self::read(&mut members);
        violations.into_result(kind)
    }

    /// Takes the members `kind`, `signature` and `answer` of a problem.
    pub(super) fn read(members: &mut ObjectReader<'_, '_>) -> Self {
        let kind = members.text("kind").unwrap_or_default();
        let (signature, answer) = (members.take("signature"), members.take("answer"));
        if answer.is_some() && kind != "function" {
            members.reject("answer", "is for functions only.");
        }
        let path = members.path("signature");
        let rule = match (kind.as_str(), signature) {
            ("function", Some(value)) => {
                let mut signature = Signature::read(value, path, members.violations);
                if let Some(value) = answer {
                    signature.answer = Answer::read(value, &signature, members);
                }
                return Self::Function(signature);
            }
            ("class", Some(value)) => {
                return Self::Class(ClassSignature::read(value, path, members.violations));
            }
            ("program", None) => return Self::Program,
            ("program", Some(_)) => ("signature", "is for functions and classes only."),
            ("function", None) => ("signature", "is required for a function."),
            ("class", None) => ("signature", "is required for a class."),
            _ => ("kind", "must be program, function or class."),
        };
        members.reject(rule.0, rule.1);
        Self::Program
    }
}

impl Signature {
    /// Reads a signature; `path` says where it stands.
    pub fn from_value(value: Json<'_>, path: &str) -> Result<Self, Violation> {
        let mut violations = Violations::default();
        let signature = Self::read(value, path.to_owned(), &mut violations);
        violations.into_result(signature)
    }

    fn read(value: Json<'_>, path: String, violations: &mut Violations) -> Self {
        let mut members = ObjectReader::new(value, path, violations);
        let signature = Self::of_members(&mut members);
        members.end("name, params, returns");
        signature
    }

    fn of_members(members: &mut ObjectReader<'_, '_>) -> Self {
        let mut signature = Self {
            name: name(members),
            params: Vec::new(),
            returns: ty(members, "returns"),
            answer: Answer::Returned,
        };
        if RESERVED.contains(&signature.snake_name().as_str()) {
            members.reject("name", TAKEN);
        }
        signature.params = params(members, &signature.name);
        signature
    }
}

impl ClassSignature {
    fn read(value: Json<'_>, path: String, violations: &mut Violations) -> Self {
        let mut members = ObjectReader::new(value, path, violations);
        let name = name(&mut members);
        if !name.starts_with(|first: char| first.is_ascii_uppercase()) {
            members.reject("name", "must begin with one of A-Z, as LruCache does.");
        }
        let params = params(&mut members, &name);
        let (list, count) = members.list("methods", MAX_METHODS);
        if !(1..=MAX_METHODS).contains(&count) {
            let rule = match count {
                0 => format!("is required, with 1 to {MAX_METHODS} methods."),
                _ => format!("must be 1 to {MAX_METHODS}."),
            };
            members.reject("methods", &rule);
        }
        let mut class = Self {
            name,
            params,
            methods: Vec::with_capacity(list.len()),
        };
        let path = members.path("methods");
        for (index, value) in list.into_iter().enumerate() {
            let path = element(&path, index);
            let method = class.method_of(value, path, members.violations);
            class.methods.push(method);
        }
        members.end("name, params, methods");
        class
    }

    fn method_of(&self, value: Json<'_>, path: String, violations: &mut Violations) -> Method {
        let mut members = ObjectReader::new(value, path, violations);
        let signature = Signature::of_members(&mut members);
        let plain = plain(&signature.name);
        let mut others = self.methods.iter();
        if plain == self::plain(&self.name)
            || others.any(|other| self::plain(&other.signature.name) == plain)
        {
            let rule = "must differ from the class's and the other methods' names by more than _ \
                        and upper or lower case.";
            members.reject("name", rule);
        } else if CONSTRUCTORS.contains(&plain.as_str()) {
            members.reject(
                "name",
                "must not be that of a constructor in some language.",
            );
        }
        let checker = members
            .take("checker")
            .map(|value| Checker::read(value, members.path("checker"), members.violations));
        members.end("name, params, returns, checker");
        Method { signature, checker }
    }
}

/// A name as it is in languages that do not tell upper from lower case, or write it
/// in snake case.
fn plain(name: &str) -> String {
    name.replace('_', "").to_ascii_lowercase()
}

fn params(members: &mut ObjectReader<'_, '_>, called: &str) -> Vec<Param> {
    let (list, count) = members.list("params", MAX_PARAMS);
    if count > MAX_PARAMS {
        let rule = format!("may be {MAX_PARAMS} at most.");
        members.reject("params", &rule);
    }
    let path = members.path("params");
    let mut params: Vec<Param> = Vec::with_capacity(list.len());
    for (index, value) in list.into_iter().enumerate() {
        let mut members = ObjectReader::new(value, element(&path, index), members.violations);
        let name = name(&mut members);
        if name == called || params.iter().any(|one| one.name == name) {
            members.reject(
                "name",
                "must differ from the function's and the other parameters' names.",
            );
        }
        let ty = ty(&mut members, "type");
        members.end("name, type");
        params.push(Param { name, ty });
    }
    params
}

fn ty(members: &mut ObjectReader<'_, '_>, name: &str) -> Type {
    let text = members.text(name).unwrap_or_default();
    let Some(ty) = Type::parse(&text) else {
        members.reject(name, TYPE);
        return Type::Any;
    };
    if ty.item().is_some_and(Type::holds_nodes) {
        members.reject(name, NODES);
    }
    ty
}

/// The member `name`, an identifier.
fn name(members: &mut ObjectReader<'_, '_>) -> String {
    let name = members.text("name").unwrap_or_default();
    let letters = name.as_bytes();
    let fits = (1..=64).contains(&letters.len())
        && !letters[0].is_ascii_digit()
        && letters
            .iter()
            .all(|one| one.is_ascii_alphanumeric() || *one == b'_')
        // C++ reserves names with two underscores, and Python has its own.
        && !letters.windows(2).any(|pair| pair == b"__");
    if !fits {
        members.reject("name", NAME);
    } else if RESERVED.contains(&name.as_str()) {
        members.reject("name", TAKEN);
    }
    name
}
