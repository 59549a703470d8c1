//! The names in a user's C++ that are the standard library's, too.

use std::collections::BTreeSet;

use crate::code::without_comments;

/// Class templates of the headers that solutions usually need; `<` follows.
const TEMPLATES: &str = "vector map set multimap multiset unordered_map unordered_set unordered_multimap unordered_multiset pair tuple queue priority_queue stack deque list array bitset function hash greater less plus minus multiplies numeric_limits initializer_list";

/// Types and objects of these headers.
const OBJECTS: &str = "string cout cin cerr endl stringstream istringstream ostringstream istream ostream exception runtime_error logic_error invalid_argument out_of_range fixed setprecision setw setfill boolalpha";

/// Functions of these headers; `(` follows.
const FUNCTIONS: &str = "max min swap sort stable_sort partial_sort nth_element max_element min_element minmax_element minmax reverse rotate unique accumulate iota partial_sum adjacent_difference inner_product count count_if find find_if any_of all_of none_of fill fill_n copy transform for_each lower_bound upper_bound equal_range binary_search next_permutation prev_permutation merge remove remove_if replace set_intersection set_union set_difference move make_pair make_tuple tie get to_string stoi stol stoll stod abs distance advance next prev back_inserter inserter make_heap push_heap pop_heap is_sorted exchange getline begin end equal search partition generate";

/// Other types and objects, of any header.
const OTHER_OBJECTS: &str = "rank ratio any byte span variant optional regex thread mutex future promise atomic complex barrier latch views ranges chrono filesystem nothrow ignore divides modulus negate forward_list valarray locale allocator clog wcout launch index_sequence char_traits common_type is_same true_type false_type void_t decay conditional enable_if error_code nested_exception less_equal greater_equal equal_to not_equal_to logical_and logical_or logical_not bit_and bit_or bit_xor identity default_delete unique_ptr shared_ptr weak_ptr";

/// Other functions and manipulators.
const OTHER_FUNCTIONS: &str = "data size left right lock sample reduce includes mismatch cref ref bind invoke visit midpoint lerp hex dec oct flush ws scientific internal skipws empty ssize gcd lcm clamp shuffle async apply as_const terminate unexpected make_unique make_shared";

/// What is in other headers than the usual ones.
const RARE: &str = "istream_iterator ostream_iterator istreambuf_iterator ostreambuf_iterator any_cast optional nullopt make_optional variant holds_alternative monostate regex smatch cmatch regex_match regex_search regex_replace sregex_iterator sregex_token_iterator mt19937 mt19937_64 random_device default_random_engine uniform_int_distribution uniform_real_distribution chrono thread this_thread mutex lock_guard unique_lock scoped_lock shared_mutex condition_variable atomic future promise async packaged_task barrier latch counting_semaphore binary_semaphore jthread stop_token call_once once_flag span ranges views complex polar string_view filesystem ifstream ofstream fstream popcount countl_zero countr_zero countl_one countr_one bit_width bit_ceil bit_floor has_single_bit rotl rotr bit_cast numbers source_location format println valarray typeindex type_index forward_list charconv from_chars to_chars execution coroutine strong_ordering weak_ordering partial_ordering concepts floating_point same_as invocable iota_view memory_resource pmr scoped_allocator_adaptor locale codecvt wstring wcout mdspan flat_map flat_set stacktrace";

/// C functions that no harness calls, and whose names a user's variable may
/// have.
const C_FUNCTIONS: &str =
    "y0 y1 yn j0 j1 jn gamma index rindex link access open nice sync random pause";

/// What a user's code declares and mentions.
pub(super) struct Names {
    /// Words outside comments and strings, in macros too.
    words: BTreeSet<String>,
    /// Variables and types that are declared outside all braces.
    values: BTreeSet<String>,
    /// Functions that are declared there.
    functions: BTreeSet<String>,
    /// Names of the standard library that the code uses as such, without `std::`.
    unqualified: BTreeSet<String>,
    /// Whether all names of the standard library are visible already.
    using_std: bool,
    /// Whether the code includes all headers by itself.
    includes_all: bool,
}

impl Names {
    pub(super) fn of(code: &str) -> Self {
        let bare = without_comments(code);
        let (text, macros) = split_directives(&bare);
        let tokens = tokens(&text);
        let mut names = Self {
            words: BTreeSet::new(),
            values: BTreeSet::new(),
            functions: BTreeSet::new(),
            unqualified: BTreeSet::new(),
            using_std: false,
            includes_all: code.contains("bits/stdc++.h"),
        };
        names.find_declarations(&tokens);
        let macro_tokens = self::tokens(&macros);
        for tokens in [&tokens, &macro_tokens] {
            names.find_unqualified(tokens);
            let words = tokens.iter().filter(|token| is_word(token));
            names.words.extend(words.map(|&word| word.to_owned()));
        }
        names
    }

    /// Whether the code has this word.
    pub(super) fn mention(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    /// Whether the code declares a function of this name outside all braces.
    pub(super) fn declare_function(&self, name: &str) -> bool {
        self.functions.contains(name)
    }

    /// Whether the code declares a variable of this name outside all braces.
    pub(super) fn declare_value(&self, name: &str) -> bool {
        self.values.contains(name)
    }

    /// 0: what the harness needs. 1: what solutions usually need. 2: all.
    pub(super) fn headers(&self) -> u8 {
        let rare = || RARE.split(' ').any(|name| self.mention(name));
        if self.using_std && self.collide() {
            // More headers could make names ambiguous that are not now.
            0
        } else if self.includes_all || rare() {
            2
        } else {
            1
        }
    }

    /// C functions to be hidden from the code, which has variables of their names.
    pub(super) fn renamed_functions(&self) -> Vec<&'static str> {
        C_FUNCTIONS
            .split(' ')
            .filter(|&name| self.values.contains(name))
            .collect()
    }

    /// What makes the standard library's names visible without `std::`.
    pub(super) fn using(&self) -> String {
        if self.using_std {
            return String::new();
        }
        let needed = !self.unqualified.is_empty();
        if needed && self.collide() {
            // All of them would be ambiguous with the code's own.
            let lines = self.unqualified.iter();
            return lines.map(|name| format!("using std::{name};")).collect();
        }
        // Code that says `std::` throughout is complete.
        if needed || !self.mention("std") && !self.collide() {
            return "using namespace std;".into();
        }
        String::new()
    }

    /// Whether a global of the code has the name of one in the standard library.
    /// Functions only overload functions.
    fn collide(&self) -> bool {
        let objects = [TEMPLATES, OBJECTS, OTHER_OBJECTS];
        let functions = [FUNCTIONS, OTHER_FUNCTIONS];
        let any = |lists: &[&str], names: &BTreeSet<String>| {
            let mut all = lists.iter().flat_map(|list| list.split(' '));
            all.any(|name| names.contains(name))
        };
        any(&objects, &self.values)
            || any(&functions, &self.values)
            || any(&objects, &self.functions)
    }

    /// Finds `using namespace std` and what is declared outside all braces.
    fn find_declarations(&mut self, tokens: &[&str]) {
        let mut depth = 0_usize;
        let mut brackets = 0_usize;
        // Whether the statement has declared a variable: `,` may follow, and another.
        let mut declares = false;
        for (at, &token) in tokens.iter().enumerate() {
            match token {
                "{" => depth += 1,
                "}" => depth = depth.saturating_sub(1),
                "(" | "[" => brackets += 1,
                ")" | "]" => brackets = brackets.saturating_sub(1),
                ";" => declares = false,
                _ => {}
            }
            if depth > 0 || brackets > 0 || !is_word(token) {
                continue;
            }
            let before = at.checked_sub(1).map_or("", |at| tokens[at]);
            let after = tokens.get(at + 1).copied().unwrap_or_default();
            let is_type = match before {
                "class" | "struct" | "union" | "enum" => matches!(after, "{" | ":" | ";" | "final"),
                "using" => after == "=",
                "namespace" => {
                    let using = at >= 2 && tokens[at - 2] == "using";
                    self.using_std |= using && token == "std" && after == ";";
                    false
                }
                _ => false,
            };
            let follows_type = is_word(before) && !NO_TYPES.split(' ').any(|word| word == before)
                || matches!(before, "*" | "&" | ">")
                || before == "," && declares;
            let declared = follows_type && matches!(after, ";" | "=" | "[" | "{" | "(" | "," | ":");
            if declared && after == "(" && is_function(&tokens[at + 2..]) {
                self.functions.insert(token.to_owned());
            } else if is_type || declared {
                declares = declared;
                self.values.insert(token.to_owned());
            }
        }
    }

    /// Finds names of the standard library that only it can be meant by.
    fn find_unqualified(&mut self, tokens: &[&str]) {
        let known =
            [TEMPLATES, FUNCTIONS, OBJECTS].map(|list| list.split(' ').collect::<BTreeSet<_>>());
        let [templates, functions, objects] = &known;
        let imported: BTreeSet<&str> = tokens
            .windows(5)
            .filter(|five| five[..3] == ["using", "std", "::"] && five[4] == ";")
            .map(|five| five[3])
            .collect();
        for (at, &token) in tokens.iter().enumerate() {
            let before = at.checked_sub(1).map_or("", |at| tokens[at]);
            let after = tokens.get(at + 1).copied().unwrap_or_default();
            let is_known = match after {
                "<" if templates.contains(token) => true,
                "(" if functions.contains(token) => true,
                _ => objects.contains(token),
            };
            if is_known
                && !matches!(before, "::" | "." | "->")
                && !imported.contains(token)
                && !self.values.contains(token)
                && !self.functions.contains(token)
            {
                self.unqualified.insert(token.to_owned());
            }
        }
    }
}

/// Words after which no declared name stands.
const NO_TYPES: &str = "return using namespace typename goto new delete else operator template case throw public private protected class struct union enum";

/// Whether the parentheses whose inside is the start of `tokens` are those of a
/// function, and not the initial value of a variable.
fn is_function(tokens: &[&str]) -> bool {
    let mut depth = 1_usize;
    for (at, &token) in tokens.iter().enumerate() {
        match token {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let after = tokens.get(at + 1).copied().unwrap_or_default();
            let inside = &tokens[..at];
            let types = inside.windows(2).any(|two| {
                is_word(two[0])
                    && (is_word(two[1]) || matches!(two[1], "&" | "*" | "<" | "::" | "["))
            });
            return !matches!(after, ";" | ",") || inside.is_empty() || types;
        }
    }
    true
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// The code without its directives, and what those say but for `#include`.
fn split_directives(bare: &str) -> (String, String) {
    let (mut text, mut macros) = (String::new(), String::new());
    let mut goes_on = false;
    for line in bare.lines() {
        let directive = line.trim_start().strip_prefix('#');
        let into = match directive {
            Some(rest) if rest.trim_start().starts_with("include") => continue,
            Some(_) => &mut macros,
            None if goes_on => &mut macros,
            None => &mut text,
        };
        goes_on = (directive.is_some() || goes_on) && line.ends_with('\\');
        into.push_str(line);
        into.push('\n');
    }
    (text, macros)
}

/// Words, `::`, `->` and single other characters.
fn tokens(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let length = if is_part(first) {
            rest.find(|c| !is_part(c)).unwrap_or(rest.len())
        } else if rest.starts_with("::") || rest.starts_with("->") {
            2
        } else {
            first.len_utf8()
        };
        let (token, after) = rest.split_at(length);
        out.push(token);
        rest = after.trim_start();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(code: &str) -> (Vec<String>, Vec<String>) {
        let names = Names::of(code);
        let all = |names: BTreeSet<String>| names.into_iter().collect();
        (all(names.values), all(names.functions))
    }

    #[test]
    fn globals_are_found_and_told_from_functions() {
        let code = r#"
            #define list not this
            // int comment;
            const char* text = "int string;";
            int count = 0, data[10] = {1, 2}, size; std::vector<int> stack(100), queue{n, 5};
            struct node { int inner; } *first; class later; enum byte : char { a };
            template <class T> struct tree { T left; };
            using ll = int; typedef std::pair<int, int> pair_t;
            auto add = [](int x) { int hidden; return x; };
            long long rotate(std::vector<int>& v, int k) { int local = 1; return local; }
            ListNode* merge(ListNode* a); int none(); int Solution::method(int) { return 1; }
            int value(n);
        "#;
        let (values, functions) = declared(code);
        assert_eq!(
            values,
            [
                "add", "byte", "count", "data", "first", "later", "ll", "node", "pair_t", "queue",
                "size", "stack", "text", "tree", "value"
            ]
        );
        assert_eq!(functions, ["merge", "none", "rotate"]);
    }

    #[test]
    fn the_namespace_is_given_where_the_code_needs_it() {
        let all = "using namespace std;";
        for (code, expected) in [
            ("class Solution { int f(vector<int>& v); };", all),
            ("int f(int n) { return n; }", all),
            ("int f(int n) { return max(n, std::abs(n)); }", all),
            (
                "#define vi vector<int>\nstd::set<int> s; int f(vi& v);",
                all,
            ),
            // It is there, or the code is complete without it.
            ("using namespace std; int count; vector<int> v;", ""),
            (
                "std::vector<int> v; int count; int f() { return count; }",
                "",
            ),
            ("int count; int f() { return count; }", ""),
            ("using std::vector; std::string s; vector<int> v;", ""),
            (
                "namespace my { template <class T> struct list {}; } std::string s; my::list<int> l;",
                "",
            ),
            (
                "int f(std::string s) { return s.find(1) + s->count(2); }",
                "",
            ),
            (
                "template <class T> T max(T a, T b); int f(std::string s) { return max(1, 2); }",
                "",
            ),
            (
                "// vector<int>\nint f(std::string s) { return \"cout\"; }",
                "",
            ),
            // The code's own globals stay usable beside it.
            (
                "int count, data; int f(vector<int>& v) { sort(v.begin(), v.end()); cout << count; }",
                "using std::cout;using std::sort;using std::vector;",
            ),
        ] {
            assert_eq!(Names::of(code).using(), expected, "{code}");
        }
    }

    #[test]
    fn headers_are_those_that_the_code_may_need() {
        for (code, expected) in [
            ("int f(vector<int>& v);", 1),
            ("#include <bits/stdc++.h>", 2),
            ("optional<int> f(int n);", 2),
            ("using namespace std; int queue[10];", 0),
            (
                "#include <bits/stdc++.h>\nusing namespace std; int queue[10];",
                0,
            ),
            (
                "using namespace std; int rotate(vector<int>& v, int k) { return 0; }",
                1,
            ),
            ("using namespace std; int f() { int queue = 0; }", 1),
            ("std::vector<int> v; int queue[10];", 1),
        ] {
            assert_eq!(Names::of(code).headers(), expected, "{code}");
        }
        let renamed = Names::of("int y1, x, link[5]; int index(int a, int b) { int yn; }");
        assert_eq!(renamed.renamed_functions(), ["y1", "link"]);
    }

    #[test]
    fn any_text_has_names() {
        for code in [
            "",
            "#",
            "\\",
            "namespace std;",
            "{}}}(((",
            "é::",
            "using namespace",
            "int f(",
        ] {
            Names::of(code);
        }
    }
}
