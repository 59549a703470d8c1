//! The names of a signature as each language can have them.
//!
//! A name that is reserved in a language gets a trailing `_` there: the starter shows
//! `type_` in Rust where the problem says `type`, and the harness calls `type_`. The
//! tables list only names that would fail to compile, load or be called.

use shared::domain::problem::{Callable, ClassSignature, Param, Signature, Type};

use crate::kind::Harness;
use crate::typed::upper_first;

/// What is called, under the names that one language can have.
pub(crate) enum EscapedCallable {
    Function(Signature),
    Class(ClassSignature),
}

impl EscapedCallable {
    pub(crate) fn of(harness: Harness, callable: Callable<'_>) -> Self {
        match callable {
            Callable::Function(signature) => {
                let mut signature = signature.clone();
                rename(harness, &mut signature, Role::Function);
                Self::Function(signature)
            }
            Callable::Class(class) => {
                let mut class = class.clone();
                if harness.is_reserved(&class.name, Role::Class) {
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

/// The reserved names of a language, with spaces between them, by the role in which they
/// cannot be used.
struct ReservedWords {
    /// In every role.
    keywords: &'static str,
    /// In every role, too: macros of the headers.
    macros: &'static str,
    functions: &'static str,
    classes: &'static str,
    methods: &'static str,
    params: &'static str,
}

const NONE: ReservedWords = ReservedWords {
    keywords: "",
    macros: "",
    functions: "",
    classes: "",
    methods: "",
    params: "",
};

const PYTHON: ReservedWords = ReservedWords {
    keywords: "False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield",
    params: "self",
    ..NONE
};

/// Methods may have any name. As in modules, which are strict.
const JAVASCRIPT: ReservedWords = ReservedWords {
    functions: JAVASCRIPT_WORDS,
    classes: "Infinity NaN",
    params: JAVASCRIPT_WORDS,
    ..NONE
};

/// Keywords, and names that every CommonJS module already has.
const JAVASCRIPT_WORDS: &str = "Infinity NaN arguments await break case catch class const continue debugger default delete do else enum eval export exports extends false finally for function globalThis if implements import in instanceof interface let module new null package private protected public require return static super switch this throw true try typeof undefined var void while with yield";

/// A function that is named like one of the library is put into a class instead (see the
/// starter).
const CPP: ReservedWords = ReservedWords {
    keywords: "alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class co_await co_return co_yield compl concept const const_cast consteval constexpr constinit continue decltype default delete do double dynamic_cast else enum explicit export extern false float for friend goto if inline int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public register reinterpret_cast requires return short signed sizeof static static_assert static_cast struct switch template this thread_local throw true try typedef typeid typename typeof union unsigned using virtual void volatile wchar_t while xor xor_eq",
    macros: "NULL EOF errno stdin stdout stderr linux unix INT_MAX INT_MIN",
    // A macro with arguments: only a name before a bracket is taken for it.
    functions: "assert",
    methods: "assert",
    classes: "FILE DIR",
    ..NONE
};

const C: ReservedWords = ReservedWords {
    keywords: "alignas alignof asm auto break case char const constexpr continue default do double else enum extern false float for goto if inline int long nullptr register return short signed sizeof static static_assert struct switch thread_local true typedef typeof union unsigned void volatile while restrict bool _Bool _Complex _Imaginary _Atomic _Generic _Noreturn _Pragma",
    // Library functions that the harness calls. Every other one is renamed by a macro, so
    // the user's code may have its name.
    functions: "_exit assert calloc close dup dup2 fcntl fflush free getrlimit isinf isnan isxdigit malloc memcpy pipe read realloc setrlimit setvbuf snprintf sprintf strchr strlen strncmp strpbrk strtod strtoll strtoul write memset memmove memcmp size_t ssize_t int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t",
    // The names of the functions that make and free an object.
    methods: "create free",
    params: "obj",
    ..CPP
};

const JAVA: ReservedWords = ReservedWords {
    keywords: "_ abstract assert boolean break byte case catch char class const continue default do double else enum extends false final finally float for goto if implements import instanceof int interface long native new null package private protected public return short static strictfp super switch synchronized this throw throws transient true try void volatile while",
    classes: "Boolean Byte Character Class Comparable Double Enum Error Exception Float IllegalArgumentException Integer Iterable List Long Map Math Number Object OutOfMemoryError Override Record Runnable Runtime RuntimeException Short String StringBuilder System Thread Throwable Void",
    ..NONE
};

const GO: ReservedWords = ReservedWords {
    keywords: "_ break case chan const continue default defer else fallthrough for func go goto if import interface map package range return select struct switch type var",
    functions: "append bool byte error false init int int64 len make nil panic recover rune string true uint64 uintptr",
    classes: "Constructor",
    methods: "_",
    // The receiver's name in starter code, too.
    params: "nil this",
    ..NONE
};

/// Functions and methods begin with an upper-case letter.
const CSHARP: ReservedWords = ReservedWords {
    functions: "Solution",
    classes: "System",
    params: "abstract as await base bool break byte case catch char checked class const continue decimal default delegate do double else enum event explicit extern false finally fixed float for foreach goto if implicit in int interface internal is lock long namespace new null object operator out override params private protected public readonly ref return sbyte sealed short sizeof stackalloc static string struct switch this throw true try typeof uint ulong unchecked unsafe ushort using virtual void volatile while",
    ..NONE
};

const RUBY: ReservedWords = ReservedWords {
    keywords: "_1 _2 _3 _4 _5 _6 _7 _8 _9",
    // Which the program itself answers to.
    functions: "class define_method eval include inspect method private public raise require to_s using",
    classes: "ARGF Array BasicObject Binding Class Comparable Complex ENV Encoding Enumerable Errno Exception Float GC Gem Hash Integer JSON Kernel Marshal MatchData Math Method Module NilClass Object ObjectSpace Proc Process Ractor Range Rational RbConfig Regexp Signal StandardError String Struct Symbol Thread TracePoint UnboundMethod Warning",
    methods: "initialize",
    params: "alias and begin break case class def do else end ensure false for if in module next nil not or redo rescue retry return self super then true undef unless until when while yield",
    ..NONE
};

const PHP: ReservedWords = ReservedWords {
    classes: "Abstract Array As Bool Break Callable Case Catch Class Clone Const Continue Declare Default Die Do Echo Else Empty Enum Eval Exit Extends False Final Finally Float Fn For Foreach Function Global Goto If Implements Include Insteadof Int Interface Isset Iterable List Match Mixed Namespace Never New Null Object Or Parent Print Private Protected Public Readonly Require Return Self Static String Switch Throw Trait True Try Unset Use Var Void While Xor Yield And AppendIterator ArgumentCountError ArithmeticError ArrayAccess ArrayIterator ArrayObject AssertionError Attribute BackedEnum BadFunctionCallException BadMethodCallException CachingIterator CallbackFilterIterator Closure Collator CompileError Countable DateInterval DatePeriod DateTime DateTimeImmutable DateTimeInterface DateTimeZone Directory DirectoryIterator DivisionByZeroError DomainException EmptyIterator Error ErrorException Exception Fiber FilterIterator Generator GlobIterator HashContext InfiniteIterator InternalIterator InvalidArgumentException Iterator IteratorAggregate IteratorIterator JsonException JsonSerializable LengthException LimitIterator Locale LogicException MultipleIterator NoRewindIterator Normalizer OuterIterator OutOfBoundsException OutOfRangeException OverflowException PDO ParentIterator ParseError Phar PhpToken RangeException RecursiveIterator Reflection ReflectionClass ReflectionMethod Reflector RegexIterator RuntimeException SeekableIterator Serializable SessionHandler Socket SplHeap SplMaxHeap SplMinHeap SplPriorityQueue SplQueue SplStack Stringable Throwable Traversable TypeError UnderflowException UnexpectedValueException UnitEnum ValueError WeakMap WeakReference",
    params: "this",
    ..NONE
};

const RUST: ReservedWords = ReservedWords {
    keywords: "_ Self abstract as async await become box break const continue crate do dyn else enum extern false final fn for gen if impl in let loop macro match mod move mut override priv pub ref return self static struct super trait true try type typeof unsafe unsized use virtual where while yield",
    classes: "Box HashMap None Option Rc RefCell String Vec",
    // As the function that makes an object is called.
    methods: "new",
    params: "Err None Ok Some",
    ..NONE
};

impl Harness {
    fn is_reserved(self, name: &str, role: Role) -> bool {
        let words = match self {
            Self::Python => &PYTHON,
            Self::JavaScript | Self::TypeScript => &JAVASCRIPT,
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
    let given = harness == Harness::Java && is_object_method(signature);
    if given || harness.is_reserved(&written, role) {
        signature.name.push('_');
    }
    rename_params(harness, &mut signature.params);
}

/// A method of every object in Java, which the signature would change.
fn is_object_method(signature: &Signature) -> bool {
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
            harness.is_reserved(name, Role::Param)
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
