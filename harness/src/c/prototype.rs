//! How a user's code declares its functions, found without a parser.

use crate::code::without_comments;

/// Words of a declaration that do not make another type.
const QUALIFIERS: [&str; 8] = [
    "const",
    "restrict",
    "register",
    "volatile",
    "static",
    "inline",
    "extern",
    "__restrict",
];

/// The words of a user's code outside comments, strings and directives.
pub(super) struct Code {
    tokens: Vec<String>,
}

/// A type as it was spelled, without its stars.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spelled {
    pub(super) base: String,
    /// How often it is a pointer, or an array.
    pub(super) stars: usize,
}

/// A function as the code declares it.
#[derive(Debug, PartialEq)]
pub(super) struct Prototype {
    pub(super) name: String,
    pub(super) returns: Spelled,
    pub(super) params: Vec<Spelled>,
}

impl Code {
    pub(super) fn of(code: &str) -> Self {
        let bare = without_comments(code);
        let mut tokens = Vec::new();
        let mut directive = false;
        for line in bare.lines() {
            let begins = line.trim_start().starts_with('#');
            if !directive && !begins {
                split(line, &mut tokens);
            }
            directive = (directive || begins) && line.ends_with('\\');
        }
        Self { tokens }
    }

    /// Whether the code defines this structure.
    pub(super) fn defines_struct(&self, name: &str) -> bool {
        let mut threes = self.tokens.windows(3);
        threes.any(|three| three[0] == "struct" && three[1] == name && three[2] == "{")
    }

    /// Whether the code declares a function or a variable of this name outside all braces.
    pub(super) fn declares(&self, name: &str) -> bool {
        let mut depth = 0_usize;
        for (at, token) in self.tokens.iter().enumerate() {
            match token.as_str() {
                "{" => depth += 1,
                "}" => depth = depth.saturating_sub(1),
                token if depth == 0 && token == name => {
                    let before = at.checked_sub(1).map_or("", |at| &self.tokens[at]);
                    if before == "*" || before == "," || is_word(before) {
                        return true;
                    }
                }
                _ => {}
            }
        }
        false
    }

    /// The first declaration of a function that goes by this name but for the case of
    /// letters.
    pub(super) fn function(&self, name: &str) -> Option<Prototype> {
        let mut depth = 0_usize;
        let mut begin = 0;
        for (at, token) in self.tokens.iter().enumerate() {
            match token.as_str() {
                "{" => depth += 1,
                "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > 0 {
                continue;
            }
            if token == ";" || token == "}" {
                begin = at + 1;
            }
            let after = self.tokens.get(at + 1).map(String::as_str);
            if at > begin && after == Some("(") && token.eq_ignore_ascii_case(name) {
                let end = self.tokens[at + 2..]
                    .iter()
                    .position(|token| token == ")")?;
                let inside = &self.tokens[at + 2..at + 2 + end];
                return Some(Prototype {
                    name: token.clone(),
                    returns: spelled(&self.tokens[begin..at]),
                    params: params(inside),
                });
            }
        }
        None
    }
}

fn params(inside: &[String]) -> Vec<Spelled> {
    let mut all = Vec::new();
    for part in inside.split(|token| token == ",") {
        let named = part.iter().rposition(|token| is_word(token));
        let words = part.iter().filter(|token| is_word(token)).count();
        let Some(named) = named.filter(|_| words > 1) else {
            continue;
        };
        let mut rest = part.to_vec();
        rest.remove(named);
        all.push(spelled(&rest));
    }
    all
}

fn spelled(tokens: &[String]) -> Spelled {
    let words = tokens.iter().map(String::as_str);
    let words = words.filter(|token| is_word(token) && !QUALIFIERS.contains(token));
    let is_star = |token: &&String| *token == "*" || *token == "[";
    Spelled {
        base: words.collect::<Vec<_>>().join(" "),
        stars: tokens.iter().filter(is_star).count(),
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

fn split(line: &str, tokens: &mut Vec<String>) {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if is_part(first) {
            rest.find(|c| !is_part(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token.to_owned());
        rest = after.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(base: &str, stars: usize) -> Spelled {
        Spelled {
            base: base.into(),
            stars,
        }
    }

    #[test]
    fn functions_are_found_as_they_are_declared() {
        let code = Code::of(
            "/* int f(int a); */\n#define f(x) \\\n  int f(x)\nstruct Node { int val; };\n\
             static int helper(int n) { return f(n); }\nint y1 = 2, *index;\n\
             const unsigned long *f(const char** restrict words, int sizes[], struct Node* n, unsigned x) { int count; return 0; }\n\
             void none(void);",
        );
        let found = code.function("F").unwrap();
        assert_eq!(found.name, "f");
        assert_eq!(found.returns, spelled("unsigned long", 1));
        let params = [("char", 2), ("int", 1), ("struct Node", 1), ("unsigned", 0)];
        assert_eq!(
            found.params,
            params.map(|(base, stars)| spelled(base, stars))
        );
        assert_eq!(code.function("none").unwrap().params, []);
        assert_eq!(code.function("g"), None);
        assert!(code.defines_struct("Node") && !code.defines_struct("ListNode"));
        for (name, declared) in [
            ("y1", true),
            ("index", true),
            ("helper", true),
            ("count", false),
        ] {
            assert_eq!(code.declares(name), declared, "{name}");
        }
    }
}
