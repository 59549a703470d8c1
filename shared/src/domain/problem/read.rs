//! From JSON to a [`super::Problem`], with errors that say where.
//!
//! What breaks a rule is refused with 422 and a path such as
//! `cases[3].expected`; what is too large with 413 and the first case that is
//! over. Members that are not known are refused too. Only what an answer of
//! ours adds (`success`, `version`, `starter`) is passed over, so that a
//! problem that was read can be published again; `id` must be the right one.

use super::object::{ObjectReader, Violations, element};
use super::{
    Case, Checker, Kind, Limits, MAX_BYTES, MAX_CASES, MAX_OUTPUT_BYTES, MAX_PARAMS,
    MAX_STATEMENT_BYTES, MAX_TITLE_CHARS, Param, Problem, Signature, Type,
};
use crate::domain::fields::parse_body;
use crate::domain::ids::ProblemId;
use crate::domain::submission;
use crate::domain::violation::Violation;
use crate::json::{Json, JsonText};

/// Keywords of the languages that have a harness, and names that harnesses
/// define.
const RESERVED: &str = "False None True and as assert async await break class continue def del elif \
else except finally for from global if import in is lambda nonlocal not or pass raise return try \
while with yield arguments case catch const debugger default delete do enum eval export extends \
false function implements instanceof interface let new null package private protected public \
static super switch this throw true typeof undefined NaN Infinity var void exports module require \
globalThis alignas alignof and_eq asm auto bitand bitor bool char char8_t char16_t char32_t compl \
concept consteval constexpr constinit const_cast co_await co_return co_yield decltype double \
dynamic_cast explicit extern float friend goto inline int long mutable namespace noexcept not_eq \
nullptr operator or_eq register reinterpret_cast requires short signed sizeof static_assert \
static_cast struct template thread_local typedef typeid typename union unsigned using virtual \
volatile wchar_t xor xor_eq main std ListNode TreeNode Solution";

const NAME: &str = "must be 1 to 64 of A-Z a-z 0-9 _, must not begin with a digit and must not \
hold __.";
const TAKEN: &str = "must not be a keyword of Python, JavaScript, TypeScript or C++, nor main, std, ListNode, TreeNode or Solution.";
const TYPE: &str = "must be int, float, string, bool, null, any, list<T>, map<T>, linked_list<T> \
or binary_tree<T>, at most 8 deep.";

impl Problem {
    /// Reads the body of `PUT /problems/:id`.
    pub fn from_body(id: &ProblemId, body: &[u8]) -> Result<Self, Violation> {
        submission::check_body_size(body.len(), MAX_BYTES)?;
        Self::sized(id, parse_body(body)?)
    }

    /// Reads a problem that a program has put together.
    pub fn from_value(id: &ProblemId, value: &serde_json::Value) -> Result<Self, Violation> {
        Self::sized(id, parse_body(value.to_string().as_bytes())?)
    }

    /// Reads a stored problem, whose size was checked when it was published.
    pub fn from_stored(id: &ProblemId, text: &[u8]) -> Result<Self, Violation> {
        let mut violations = Violations::default();
        let problem = Self::read(id, parse_body(text)?, &mut violations);
        violations.into_result(problem)
    }

    fn sized(id: &ProblemId, value: Json<'_>) -> Result<Self, Violation> {
        let mut violations = Violations::default();
        let problem = Self::read(id, value, &mut violations);
        if !violations.is_any() {
            problem.check_size(&mut violations);
        }
        violations.into_result(problem)
    }

    fn read(id: &ProblemId, value: Json<'_>, violations: &mut Violations) -> Self {
        let mut members = ObjectReader::new(value, String::new(), violations);
        for added in ["success", "version", "starter"] {
            members.take(added);
        }
        if members.text("id").is_some_and(|given| given != id.as_str()) {
            let rule =
                format!("must be \"{id}\", like the folder or the URL. You can leave it out.");
            members.reject("id", &rule);
        }
        let title = title(&mut members, "title");
        if title.is_none() {
            members.reject("title", "is required.");
        }
        let statement = members.text("statement").unwrap_or_default();
        if statement.len() > MAX_STATEMENT_BYTES {
            let rule = format!("must be at most {MAX_STATEMENT_BYTES} bytes.");
            members.violations.too_large("statement".into(), &rule);
        }
        let kind = kind(&mut members);
        let mut checker = Checker::default_for(&kind);
        if let Some(value) = members.take("checker") {
            checker = Checker::read(value, members.path("checker"), members.violations);
        }
        let mut limits = Limits::default();
        if let Some(value) = members.take("limits") {
            read_limits(&mut limits, value, members.violations);
        }
        let stop_on_first_fail = members.flag("stopOnFirstFail", true);
        let (list, count) = members.list("cases", MAX_CASES);
        let cases = cases(&list, count, &kind, members.violations);
        members.end("title, statement, kind, signature, cases, checker, limits, stopOnFirstFail");
        Self {
            id: id.clone(),
            title: title.unwrap_or_default(),
            statement,
            kind,
            cases,
            checker,
            limits,
            stop_on_first_fail,
        }
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
        let mut signature = Self {
            name: name(&mut members),
            params: Vec::new(),
            returns: ty(&mut members, "returns"),
        };
        if is_reserved(&signature.snake_name()) {
            members.reject("name", TAKEN);
        }
        let (params, count) = members.list("params", MAX_PARAMS);
        if count > MAX_PARAMS {
            let rule = format!("may be {MAX_PARAMS} at most.");
            members.reject("params", &rule);
        }
        let list = members.path("params");
        for (index, value) in params.into_iter().enumerate() {
            let mut members = ObjectReader::new(value, element(&list, index), members.violations);
            let name = name(&mut members);
            if name == signature.name || signature.params.iter().any(|one| one.name == name) {
                members.reject(
                    "name",
                    "must differ from the function's and the other parameters' names.",
                );
            }
            let ty = ty(&mut members, "type");
            members.end("name, type");
            signature.params.push(Param { name, ty });
        }
        members.end("name, params, returns");
        signature
    }
}

fn title(members: &mut ObjectReader<'_, '_>, name: &str) -> Option<String> {
    let title = members.text(name)?;
    if !(1..=MAX_TITLE_CHARS).contains(&title.chars().count()) {
        let rule = format!("must be 1 to {MAX_TITLE_CHARS} characters.");
        members.reject(name, &rule);
    }
    Some(title)
}

fn kind(members: &mut ObjectReader<'_, '_>) -> Kind {
    let kind = members.text("kind").unwrap_or_default();
    let signature = members.take("signature");
    let rule = match (kind.as_str(), signature) {
        ("function", Some(value)) => {
            let path = members.path("signature");
            return Kind::Function(Signature::read(value, path, members.violations));
        }
        ("program", None) => return Kind::Program,
        ("program", Some(_)) => ("signature", "is for functions only."),
        ("function", None) => ("signature", "is required for a function."),
        _ => ("kind", "must be program or function."),
    };
    members.reject(rule.0, rule.1);
    Kind::Program
}

fn ty(members: &mut ObjectReader<'_, '_>, name: &str) -> Type {
    let text = members.text(name).unwrap_or_default();
    Type::parse(&text).unwrap_or_else(|| {
        members.reject(name, TYPE);
        Type::Any
    })
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
    } else if is_reserved(&name) {
        members.reject("name", TAKEN);
    }
    name
}

fn is_reserved(name: &str) -> bool {
    RESERVED.split(' ').any(|word| word == name)
}

fn read_limits(limits: &mut Limits, value: Json<'_>, violations: &mut Violations) {
    let mut members = ObjectReader::new(value, "limits".into(), violations);
    limits.time_ms = members.whole("timeMs", 1, 120_000);
    limits.memory_bytes = members.whole("memoryBytes", 1 << 20, 16 << 30);
    limits.output_bytes = members.whole("outputBytes", 1, MAX_OUTPUT_BYTES);
    if let Some(value) = members.take("factors") {
        let mut factors = ObjectReader::new(value, "limits.factors".into(), members.violations);
        while let Some(name) = factors.next() {
            if submission::check_language(&name).is_err() {
                factors.reject(&name, "must have a language's name.");
            }
            let factor = factors.number(&name, 0.1, 100.0, "must be a number from 0.1 to 100.");
            if let Some(factor) = factor {
                limits.factors.push((name, factor));
            }
        }
    }
    members.end("timeMs, memoryBytes, outputBytes, factors");
}

fn cases(values: &[Json<'_>], count: usize, kind: &Kind, violations: &mut Violations) -> Vec<Case> {
    const CASES: &str = "cases";
    let mut cases = Vec::with_capacity(values.len());
    if count == 0 {
        violations.reject(CASES.into(), "must hold at least one case.");
    } else if count > MAX_CASES {
        let rule = format!("is one too many: cases may be {MAX_CASES} at most, not {count}.");
        violations.too_large(element(CASES, MAX_CASES), &rule);
    }
    for (index, value) in values.iter().enumerate() {
        if violations.is_any() {
            return cases;
        }
        cases.push(case(*value, element(CASES, index), kind, violations));
    }
    if cases.iter().all(|case| case.weight == 0) {
        violations.reject(
            CASES.into(),
            "must hold at least one case whose weight is not 0.",
        );
    }
    cases
}

fn case(value: Json<'_>, path: String, kind: &Kind, violations: &mut Violations) -> Case {
    let null = JsonText::from(serde_json::Value::Null);
    let mut members = ObjectReader::new(value, path, violations);
    let weight = members.whole("weight", 0, 1_000_000);
    let (input, expected) = (members.need("input"), members.need("expected"));
    let case = Case {
        name: title(&mut members, "name"),
        input: input.map_or_else(|| null.clone(), JsonText::from),
        expected: expected.map_or(null, JsonText::from),
        hidden: members.flag("hidden", false),
        weight: weight.and_then(|one| u32::try_from(one).ok()).unwrap_or(1),
    };
    let (input, expected) = (case.input.json(), case.expected.json());
    match kind {
        Kind::Program => {
            fits(&Type::String, input, "input", &mut members);
            fits(&Type::String, expected, "expected", &mut members);
        }
        Kind::Function(signature) => {
            let count = signature.params.len();
            match input.items().filter(|items| items.clone().count() == count) {
                None => {
                    let rule = format!("must be the list of the function's {count} arguments.");
                    members.reject("input", &rule);
                }
                Some(arguments) => {
                    for (index, (param, value)) in
                        signature.params.iter().zip(arguments).enumerate()
                    {
                        fits(&param.ty, value, &element("input", index), &mut members);
                    }
                }
            }
            fits(&signature.returns, expected, "expected", &mut members);
        }
    }
    members.end("name, input, expected, hidden, weight");
    case
}

#[inline(never)]
fn fits(ty: &Type, value: Json<'_>, name: &str, members: &mut ObjectReader<'_, '_>) {
    let path = members.path(name);
    if let Some(message) = ty.mismatch(value, &path) {
        members.violations.note(Violation::invalid(path, message));
    }
}
