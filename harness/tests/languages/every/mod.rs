//! The table of what every harness must do: for each of [`Harness::ALL`] a file with
//! that language's programs ([`Programs`] says what each does), and the checks that go
//! over all of them.
//!
//! A new language is a file here, an arm in [`Programs::of`] and a line in `languages!`.
//! Where it cannot have a program, `Err` says why. A language whose compiler or
//! interpreter is not on the machine is left out, which is said on standard error;
//! `which_languages_were_there` says so of all in one list.
//!
//! - [`functions`]: values, exceptions, time and forgery.
//! - [`in_place`]: answers that are an argument, and nodes with a cycle.
//! - [`classes`]: objects, calls and their results.

mod c;
mod classes;
mod cpp;
mod csharp;
mod functions;
mod go;
mod in_place;
mod java;
mod javascript;
mod php;
mod python;
mod ruby;
mod rust;
mod told;
mod typescript;

use std::io::Write as _;

use harness::Harness;
use shared::domain::problem::types::Type;

pub(crate) use self::told::{Told, class};
use crate::toolchain::Toolchain;

/// A program, or why the language cannot have it.
type Row = Result<&'static str, &'static str>;

/// The programs of one language. Signatures are as [`crate::run::signature`] reads
/// them.
pub(crate) struct Programs {
    /// Whether each program costs a compilation: then fewer types are gone through.
    compiled: bool,
    /// `same(T) -> T`: returns its argument. `None`: the language has no such type.
    same: fn(&Type) -> Option<String>,
    /// A class `Same` with a method `same<n>(T) -> T` for each of these types.
    same_class: fn(&[Type]) -> String,

    /// `f(int) -> int`: raises an error that says `no two` for 2, else returns it.
    raises: Row,
    /// `f(int) -> int`: asks for more memory than there is for 2, else returns it.
    memory: Row,
    /// `f(int) -> list<int>`: is never done with 2, else nine times the number.
    endless: Row,
    /// `f(int) -> int`: returns the text `x`.
    wrong_type: Row,
    /// `f(int) -> int`: there is another function only.
    missing: Row,
    /// `f(int) -> int`: the first error of syntax is in line 2.
    syntax: Row,
    /// `f(int) -> int`: prints `printed` in every way there is and returns its argument.
    prints: Row,
    /// `f(int) -> int`: how many bytes can be read from standard input.
    reads: Row,
    /// `f(int) -> int`: calls itself as often and returns how often.
    deep: Row,
    /// `f(int) -> float`: not a number, infinity, and minus infinity for 0, 1 and 2.
    odd_floats: Row,
    /// `f(int) -> string`: a text that is not Unicode.
    odd_text: Row,
    /// `secret(int) -> int`: looks up what `TABLE` is replaced by, `{3: 982, 5: 275}`.
    honest: &'static str,
    /// `secret(int) -> int`, with a name: write frames with the nonce `NONCE`, change what
    /// the harness works with, and print `REACHED` to standard error at the end.
    pub(crate) forgeries: &'static [(&'static str, &'static str)],

    /// `rotate(list<int>, int) -> null`, in place: to the right by the number.
    rotate: Row,
    /// The same with a list of its own, to which only the name of the argument is bound.
    rebinds: Row,
    /// `removeElement(list<int>, int) -> int`, in place: moves the others to the front,
    /// and returns how many there are.
    remove: Row,
    /// `deal(list<int>, list<int>, linked_list<int>) -> int`, in place: swaps the first
    /// elements of the lists, makes 9 of the head's value if there is one, and returns how
    /// many are in the first list.
    deal: Row,
    /// `insertNine(linked_list<int>) -> null`, in place: puts 9 behind the head.
    insert_nine: Row,
    /// `mirror(binary_tree<int>) -> null`, in place: swaps the children of every node.
    mirror: Row,

    /// `hasCycle(linked_nodes<int>) -> bool`.
    has_cycle: Row,
    /// `detectCycle(linked_nodes<int>) -> linked_nodes<int>`: where the cycle begins.
    detect_cycle: Row,
    /// `meet(linked_nodes<int>, linked_nodes<int>) -> linked_nodes<int>`: the first node
    /// of both, by identity.
    meet: Row,
    /// `deleteNode(linked_nodes<int>) -> null`, in place: takes over the next one's value
    /// and link.
    delete_node: Row,

    /// `Counter(int)` with `addUp(int) -> null` (returns itself or a number all the same,
    /// where the language can), `total() -> int`, `keep(list<int>) -> null` (keeps it and
    /// adds 1 to it) and `kept() -> list<int>`.
    counter: Row,
    /// The same with all names in the language's own style, such as `add_up`.
    counter_own_style: Row,
    /// `Codec()` with `encode(list<string>) -> string` and
    /// `decode(string) -> list<string>`.
    codec: Row,
    /// `Shaky(int)` with `get(int) -> int`: both raise an error that says `no thirteen` for
    /// 13; `get` is never done with 99; else it returns the number.
    shaky: Row,
    /// `Shaky` whose `get` returns what is no JSON.
    no_json: Row,
    /// `Counter` without `total`.
    no_method: Row,
    /// Code without `Counter`.
    no_class: Row,
}

/// A language on this machine.
#[derive(Clone, Copy)]
pub(crate) struct Language {
    harness: Harness,
    programs: &'static Programs,
}

impl Programs {
    pub(crate) fn of(harness: Harness) -> &'static Self {
        match harness {
            Harness::Python => &python::PROGRAMS,
            Harness::JavaScript => &javascript::PROGRAMS,
            Harness::TypeScript => &typescript::PROGRAMS,
            Harness::Cpp => &cpp::PROGRAMS,
            Harness::Java => &java::PROGRAMS,
            Harness::Go => &go::PROGRAMS,
            Harness::CSharp => &csharp::PROGRAMS,
            Harness::Ruby => &ruby::PROGRAMS,
            Harness::Php => &php::PROGRAMS,
            Harness::Rust => &rust::PROGRAMS,
            Harness::C => &c::PROGRAMS,
        }
    }
}

impl Language {
    /// `None`: it is not there.
    pub(crate) fn of(harness: Harness) -> Option<Self> {
        Toolchain::of(harness)?;
        let programs = Programs::of(harness);
        Some(Self { harness, programs })
    }

    /// The language's program for a row; says why there is none.
    fn code(&self, name: &str, row: Row) -> Option<&'static str> {
        match row {
            Ok(code) => Some(code),
            Err(why) => {
                say(&format!("{}: no {name}: {why}", self.harness.language()));
                None
            }
        }
    }
}

/// Goes past the test's own standard error, which is shown only where a test fails.
fn say(line: &str) {
    drop(writeln!(std::io::stderr(), "{line}"));
}

/// Runs a check if the language is on the machine.
fn on(harness: Harness, check: fn(&Language)) {
    match Language::of(harness) {
        Some(language) => check(&language),
        None => say(&format!("{} is not on this machine", harness.language())),
    }
}

/// A test for each language and check, such as `every::over::python::memory`.
macro_rules! tests {
    ($($language:ident $harness:ident),*) => {
        const NAMED: &[Harness] = &[$(Harness::$harness),*];
        $(mod $language {
            use harness::Harness;
            checks!($harness functions every_type_comes_back errors memory endless_loop
                wrong_type missing_function syntax_error prints reads deep odd_values forgeries);
            checks!($harness in_place arguments rebinding first_of_an_argument_and_both several_parts
                nodes_in_place cycles shared_nodes a_node_of_a_list);
            checks!($harness classes every_type_comes_back_from_methods objects own_style
                results_as_arguments failing_and_announced_calls no_json
                missing_method missing_class);
        })*
    };
}

macro_rules! checks {
    ($harness:ident $module:ident $($check:ident)*) => {
        $(#[test]
        fn $check() {
            crate::every::on(Harness::$harness, crate::every::$module::$check);
        })*
    };
}

mod over {
    use super::*;

    tests!(python Python, javascript JavaScript, typescript TypeScript, cpp Cpp, java Java, go Go, csharp CSharp, ruby Ruby, php Php, rust Rust, c C);

    #[test]
    fn which_languages_were_there() {
        assert_eq!(NAMED, Harness::ALL, "a language has no tests");
        let mut missing = Vec::new();
        for harness in Harness::ALL {
            let name = harness.language();
            match Toolchain::of(harness) {
                Some(toolchain) => say(&format!("harness run: {name} {}", toolchain.version)),
                None => missing.push(name),
            }
        }
        say(&format!("harnesses not run: {}", missing.join(", ")));
    }
}
