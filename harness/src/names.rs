//! The names of a signature as each language can have them.
//!
//! A name that a language has for itself gets a `_` at its end there: the starter shows
//! `type_` in Rust where the problem says `type`, and the harness calls that. Only what
//! could not be compiled, loaded or called under its own name is in the tables. The
//! keywords of the first four languages are in none of them: a problem that has one is
//! refused when it is published.

use shared::domain::problem::{Callable, ClassSignature, Param, Signature, Type};

use crate::kind::Harness;
use crate::typed::upper_first;

/// What is called, by a language's own names.
pub(crate) enum Named {
    Function(Signature),
    Class(ClassSignature),
}

impl Named {
    pub(crate) fn of(harness: Harness, callable: Callable<'_>) -> Self {
        match callable {
            Callable::Function(signature) => {
                let mut signature = signature.clone();
                rename(harness, &mut signature, Role::Function);
                Self::Function(signature)
            }
            Callable::Class(class) => {
                let mut class = class.clone();
                if harness.has_for_itself(&class.name, Role::Class) {
                    class.name.push('_');
                }
                rename_params(harness, &mut class.params);
                for method in &mut class.methods {
                    rename(harness, &mut method.signature, Role::Method);
                }
                Self::Class(class)
            }
        }
    }

    pub(crate) fn callable(&self) -> Callable<'_> {
        match self {
            Self::Function(signature) => Callable::Function(signature),
            Self::Class(class) => Callable::Class(class),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Function,
    Class,
    Method,
    Param,
}

/// What a language has for itself, by words with spaces between them.
struct Words {
    /// In every role.
    keywords: &'static str,
    /// In every role, too: macros of the headers.
    macros: &'static str,
    functions: &'static str,
    classes: &'static str,
    methods: &'static str,
    params: &'static str,
}

const NONE: Words = Words {
    keywords: "",
    macros: "",
    functions: "",
    classes: "",
    methods: "",
    params: "",
};

const PYTHON: Words = Words {
    params: "self",
    ..NONE
};

/// Functions stand in a class where a function of the library has the name (see the
/// starter).
const CPP: Words = Words {
    macros: "NULL EOF errno stdin stdout stderr linux unix INT_MAX INT_MIN",
    classes: "FILE DIR",
    ..NONE
};

const C: Words = Words {
    keywords: "restrict bool _Bool _Complex _Imaginary _Atomic _Generic _Noreturn _Pragma",
    // Which the harness calls; others are hidden from the code.
    functions: "_exit calloc close dup dup2 fcntl fflush free getrlimit isinf isnan isxdigit malloc memcpy pipe read realloc setrlimit setvbuf snprintf sprintf strchr strlen strncmp strpbrk strtod strtoll strtoul write memset memmove memcmp size_t ssize_t int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t",
    // As the functions that make and free an object are called.
    methods: "create free",
    params: "obj",
    ..CPP
};

const JAVA: Words = Words {
    keywords: "_ abstract boolean byte final native strictfp synchronized throws transient",
    classes: "Boolean Byte Character Class Comparable Double Enum Error Exception Float IllegalArgumentException Integer Iterable List Long Map Math Number Object OutOfMemoryError Override Record Runnable Runtime RuntimeException Short String StringBuilder System Thread Throwable Void",
    ..NONE
};

const GO: Words = Words {
    keywords: "_ chan defer fallthrough func go map range select type",
    functions: "append bool byte error init int64 len make nil panic recover rune string uint64 uintptr",
    classes: "Constructor",
    methods: "_",
    params: "nil",
    ..NONE
};

/// Functions and methods begin with a large letter.
const CSHARP: Words = Words {
    functions: "Solution",
    classes: "System",
    params: "abstract base byte checked decimal delegate event fixed foreach implicit internal lock object override params readonly ref sbyte sealed stackalloc string uint ulong unchecked unsafe ushort out",
    ..NONE
};

const RUBY: Words = Words {
    keywords: "_1 _2 _3 _4 _5 _6 _7 _8 _9",
    // Which the program itself answers to.
    functions: "define_method include inspect method private public to_s using",
    classes: "ARGF Array BasicObject Binding Class Comparable Complex ENV Encoding Enumerable Errno Exception Float GC Gem Hash Integer JSON Kernel Marshal MatchData Math Method Module NilClass Object ObjectSpace Proc Process Ractor Range Rational RbConfig Regexp Signal StandardError String Struct Symbol Thread TracePoint UnboundMethod Warning",
    methods: "initialize",
    params: "alias begin end ensure module next nil redo rescue retry self then undef unless until when",
    ..NONE
};

const PHP: Words = Words {
    classes: "Abstract Array As Bool Break Callable Case Catch Class Clone Const Continue Declare Default Die Do Echo Else Empty Enum Eval Exit Extends False Final Finally Float Fn For Foreach Function Global Goto If Implements Include Insteadof Int Interface Isset Iterable List Match Mixed Namespace Never New Null Object Or Parent Print Private Protected Public Readonly Require Return Self Static String Switch Throw Trait True Try Unset Use Var Void While Xor Yield And AppendIterator ArgumentCountError ArithmeticError ArrayAccess ArrayIterator ArrayObject AssertionError Attribute BackedEnum BadFunctionCallException BadMethodCallException CachingIterator CallbackFilterIterator Closure Collator CompileError Countable DateInterval DatePeriod DateTime DateTimeImmutable DateTimeInterface DateTimeZone Directory DirectoryIterator DivisionByZeroError DomainException EmptyIterator Error ErrorException Exception Fiber FilterIterator Generator GlobIterator HashContext InfiniteIterator InternalIterator InvalidArgumentException Iterator IteratorAggregate IteratorIterator JsonException JsonSerializable LengthException LimitIterator Locale LogicException MultipleIterator NoRewindIterator Normalizer OuterIterator OutOfBoundsException OutOfRangeException OverflowException PDO ParentIterator ParseError Phar PhpToken RangeException RecursiveIterator Reflection ReflectionClass ReflectionMethod Reflector RegexIterator RuntimeException SeekableIterator Serializable SessionHandler Socket SplHeap SplMaxHeap SplMinHeap SplPriorityQueue SplQueue SplStack Stringable Throwable Traversable TypeError UnderflowException UnexpectedValueException UnitEnum ValueError WeakMap WeakReference",
    ..NONE
};

const RUST: Words = Words {
    keywords: "_ Self abstract become box crate dyn final fn gen impl loop macro match mod move mut override priv pub ref self trait type unsafe unsized use where",
    classes: "Box HashMap Option Rc RefCell String Vec",
    params: "Err Ok Some",
    ..NONE
};

impl Harness {
    fn has_for_itself(self, name: &str, role: Role) -> bool {
        let words = match self {
            Self::Python => &PYTHON,
            Self::JavaScript | Self::TypeScript => &NONE,
            Self::Cpp => &CPP,
            Self::Java => &JAVA,
            Self::Go => &GO,
            Self::CSharp => &CSHARP,
            Self::Ruby => &RUBY,
            Self::Php => &PHP,
            Self::Rust => &RUST,
            Self::C => &C,
        };
        let of_role = match role {
            Role::Function => words.functions,
            Role::Class => words.classes,
            Role::Method => words.methods,
            Role::Param => words.params,
        };
        let mut all = [words.keywords, words.macros, of_role].into_iter();
        all.any(|words| words.split(' ').any(|word| word == name))
    }
}

fn rename(harness: Harness, signature: &mut Signature, role: Role) {
    let written = match harness {
        Harness::Python | Harness::Ruby | Harness::Rust => signature.snake_name(),
        Harness::CSharp => upper_first(&signature.name),
        Harness::Go if role == Role::Method => upper_first(&signature.name),
        _ => signature.name.clone(),
    };
    let given = harness == Harness::Java && is_every_objects(signature);
    if given || harness.has_for_itself(&written, role) {
        signature.name.push('_');
    }
    rename_params(harness, &mut signature.params);
}

/// A method of every object in Java, which the signature would change.
fn is_every_objects(signature: &Signature) -> bool {
    let no_params = signature.params.is_empty();
    match signature.name.as_str() {
        "toString" => no_params && signature.returns != Type::String,
        "hashCode" | "getClass" | "notify" | "notifyAll" | "clone" | "finalize" => no_params,
        "wait" => signature.params.iter().all(|param| param.ty == Type::Int),
        "equals" => matches!(signature.params.as_slice(), [one] if one.ty == Type::Any),
        _ => false,
    }
}

fn rename_params(harness: Harness, params: &mut [Param]) {
    for at in 0..params.len() {
        let mut name = params[at].name.clone();
        if harness == Harness::Ruby && name.starts_with(|first: char| first.is_ascii_uppercase()) {
            // Which begins the name of a constant.
            name[..1].make_ascii_lowercase();
        }
        let is_taken = |name: &str| {
            harness.has_for_itself(name, Role::Param)
                || harness == Harness::C && is_size(name, params)
                || params
                    .iter()
                    .enumerate()
                    .any(|(other, param)| other != at && param.name == name)
        };
        while is_taken(&name) {
            name.push('_');
        }
        params[at].name = name;
    }
}

/// Whether a list's size goes by this name in C, or that of the result.
fn is_size(name: &str, params: &[Param]) -> bool {
    let of_list = |list: &str| {
        let mut lists = params
            .iter()
            .filter(|param| matches!(param.ty, Type::List(_)));
        lists.any(|param| param.name == list)
    };
    let list = name.strip_suffix("Size");
    matches!(name, "returnSize" | "returnColumnSizes")
        || list.is_some_and(|list| of_list(list) || list.strip_suffix("Col").is_some_and(of_list))
}
