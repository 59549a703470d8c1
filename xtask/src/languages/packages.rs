//! Which package of the machine's package manager has a language, and which of them the
//! tests install. What was measured, on Debian 12 without recommended packages: what is
//! downloaded and what it takes on the disk, in MB.

/// A language of the runner's table, and its package.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Package {
    /// Its name in the table.
    pub(super) language: &'static str,
    /// Debian's and Ubuntu's packages, separated by spaces.
    pub(super) apt: &'static str,
    /// Homebrew's; `None` where there is none that the table fits.
    pub(super) brew: Option<&'static str>,
    /// Whether the tests need it: those that function problems are written in, and the
    /// smallest of the others.
    pub(super) for_tests: bool,
}

const fn package(
    language: &'static str,
    apt: &'static str,
    brew: Option<&'static str>,
    for_tests: bool,
) -> Package {
    Package {
        language,
        apt,
        brew,
        for_tests,
    }
}

/// In the order of the table. JavaScript and TypeScript come with this project's own
/// Node.js.
pub(super) const PACKAGES: &[Package] = &[
    package("python", "python3", Some("python"), true),
    package("javascript", "nodejs", Some("node"), false),
    package("typescript", "nodejs", Some("node"), false),
    package("c", "gcc libc6-dev", Some("gcc"), true),
    package("c++", "g++", Some("gcc"), true),
    // 55, 275; the project's own, from rustup, does too.
    package("rust", "rustc", Some("rust"), false),
    // 81, 464
    package("go", "golang-go", Some("go"), true),
    package("java", "default-jdk-headless", Some("openjdk"), true),
    package("bash", "bash", Some("bash"), true),
    package("ruby", "ruby", Some("ruby"), true),
    package("perl", "perl", Some("perl"), true),
    // 3, 16
    package("php", "php-cli", Some("php"), true),
    package("c11", "gcc libc6-dev", Some("gcc"), true),
    package("c23", "gcc libc6-dev", Some("gcc"), true),
    package("c++17", "g++", Some("gcc"), true),
    package("c++23", "g++", Some("gcc"), true),
    // 13, 77
    package("pypy", "pypy3", Some("pypy3"), true),
    // 7, 25
    package(
        "csharp",
        "mono-mcs mono-runtime libmono-system-core4.0-cil libmono-system-numerics4.0-cil gcc",
        Some("mono"),
        true,
    ),
    // 1, 1
    package("lua", "lua5.4", Some("lua"), true),
    // 73, 795
    package("haskell", "ghc", Some("ghc"), false),
    // 110, 448
    package("ocaml", "ocaml-nox", Some("ocaml"), false),
    // 9, 64
    package("pascal", "fp-compiler", Some("fpc"), true),
    // 11, 41
    package("fortran", "gfortran", Some("gcc"), true),
    // 19, 101
    package("ada", "gnat", None, false),
    // 22, 135
    package("d", "gdc", None, false),
    // 10, 61
    package("lisp", "sbcl", Some("sbcl"), true),
    // 3, 16
    package("prolog", "swi-prolog-nox", Some("swi-prolog"), true),
    // 26, 43
    package("rscript", "r-base-core", Some("r"), true),
    // 10, 17
    package("erlang", "erlang-base", Some("erlang"), true),
    // 11, 16
    package("elixir", "elixir", Some("elixir"), true),
    // 5, 6, beside Java
    package("clojure", "clojure", None, false),
    // 25, 29, beside Java
    package("scala", "scala", None, false),
    // 87, 355, beside Java
    package("kotlin", "kotlin", None, false),
    // 107, 412
    package("racket", "racket", Some("minimal-racket"), false),
    // 77, 252
    package("octave", "octave", Some("octave"), false),
    // 1, 3
    package("awk", "gawk", Some("gawk"), true),
    // 1, 1
    package("sqlite3", "sqlite3", Some("sqlite"), true),
];

/// The packages of a language.
pub(super) fn of(language: &str) -> Option<&'static Package> {
    PACKAGES.iter().find(|one| one.language == language)
}
