//! C++'s programs.

use shared::domain::problem::types::Type;

use super::Programs;

pub(super) const PROGRAMS: Programs = Programs {
    compiled: true,
    same: |ty| spell(ty).map(|ty| format!("{ty} same({ty} x) {{ return x; }}")),
    same_class,
    raises: Ok("int f(int n) { if (n == 2) throw runtime_error(\"no two\"); return n; }"),
    memory: Ok("int f(int n) { if (n == 2) vector<char> v(1LL << 46); return n; }"),
    endless: Ok("vector<int> f(int n) { while (n == 2) cerr << ' '; return vector<int>(9, n); }"),
    wrong_type: Ok("string f(int n) { return \"x\"; }"),
    missing: Ok("int g(int n) { return n; }"),
    syntax: Ok("int f(int n) {\n  return n +;\n}"),
    prints: Ok(
        "int f(int n) { cout << \"printed\" << endl; puts(\"printed\"); if (write(1, \"printed\\n\", 8) < 0 || system(\"echo printed\")) return 0; return n; }",
    ),
    reads: Ok(
        "int f(int n) { char c[9]; string word; cin >> word; return word.size() + read(0, c, 9); }",
    ),
    deep: Ok(
        "int f(int n) { char room[4000]; room[n % 4000] = n; return n ? 1 + f(n - 1) : room[0]; }",
    ),
    odd_floats: Ok(
        "double f(int n) { return n ? n == 1 ? 1e300 * 1e300 : -1e300 * 1e300 : sqrt(-1.0) * 0; }",
    ),
    odd_text: Ok("string f(int n) { return \"a\\xff\"; }"),
    honest: "int secret(int x) { const char* at = strstr(\"TABLE\", (to_string(x) + \": \").c_str()); return atoi(at + 3); }",
    forgeries: &[
        (
            "frames on every descriptor",
            r#"
int secret(int x) {
  for (int fd = 1; fd < 20; fd++) for (int i = 0; i < 3; i++) if (fd != 2) dprintf(fd, "\x1eNONCE %d =982451653\n", i);
  cerr << "REACHED";
  return x;
}
"#,
        ),
        (
            "a function of the harness's",
            r#"
namespace judge_ { void put(string& out, const int&) { out += "982451653"; } }
int secret(int x) { cerr << "REACHED"; return x; }
"#,
        ),
    ],
    rotate: Ok(
        "void rotate(vector<int>& nums, int k) { if (nums.size()) std::rotate(nums.begin(), nums.end() - k % nums.size(), nums.end()); }",
    ),
    rebinds: Ok(
        "void rotate(vector<long long> nums, long long k) { if (nums.size()) std::rotate(nums.begin(), nums.end() - k % nums.size(), nums.end()); }",
    ),
    remove: Ok(
        "class Solution {\npublic:\n  int removeElement(vector<int>& nums, int val) { int k = 0; for (int x : nums) if (x != val) nums[k++] = x; return k; }\n};",
    ),
    deal: Ok(
        "int deal(vector<int>& a, vector<int>& b, ListNode* c) { swap(a[0], b[0]); if (c) c->val = 9; return a.size(); }",
    ),
    insert_nine: Ok(
        "void insertNine(ListNode* head) { if (head) head->next = new ListNode(9, head->next); head = nullptr; }",
    ),
    mirror: Ok(
        "class Solution {\npublic:\n  void mirror(TreeNode* root) { if (!root) return; swap(root->left, root->right); mirror(root->left); mirror(root->right); }\n};",
    ),
    has_cycle: Ok(
        "class Solution {\npublic:\n  bool hasCycle(ListNode *head) { set<ListNode*> seen; for (; head; head = head->next) if (!seen.insert(head).second) return true; return false; }\n};",
    ),
    detect_cycle: Ok(
        "ListNode* detectCycle(ListNode* head) { set<ListNode*> seen; while (head && seen.insert(head).second) head = head->next; return head; }",
    ),
    meet: Ok(
        "ListNode* meet(ListNode* a, ListNode* b) { set<ListNode*> seen; for (; a; a = a->next) seen.insert(a); while (b && !seen.count(b)) b = b->next; return b; }",
    ),
    delete_node: Ok(
        "class Solution {\npublic:\n  void deleteNode(ListNode* node) { *node = *node->next; }\n};",
    ),
    counter: Ok(r#"
class Counter {
  int n;
  vector<int> list;
public:
  Counter(int start) : n(start) {}
  Counter& addUp(int n) { this->n += n; return *this; }
  int total() { return n; }
  void keep(vector<int>& nums) { for (int& n : nums) n++; list = nums; }
  vector<int> kept() { return list; }
};
"#),
    counter_own_style: Ok(r#"
struct Counter {
  long long n;
  std::vector<long long>* list = nullptr;
  explicit Counter(long long start) : n(start) {}
  ~Counter() { delete list; }
  long long addUp(long long n) { return this->n += n; }
  long long total() const { return n; }
  void keep(std::vector<long long> nums) { for (auto& n : nums) n++; delete list; list = new std::vector<long long>(nums); }
  const std::vector<long long>& kept() const { return *list; }
};
"#),
    codec: Ok(r#"
class Codec {
public:
  string encode(vector<string>& strs) { string out; for (auto& s : strs) out += to_string(s.size()) + ":" + s; return out; }
  vector<string> decode(string s) {
    vector<string> out;
    for (size_t at = 0; at < s.size();) {
      size_t colon = s.find(':', at), n = stoi(s.substr(at, colon - at));
      out.push_back(s.substr(colon + 1, n));
      at = colon + 1 + n;
    }
    return out;
  }
};
"#),
    shaky: Ok(r#"
struct Shaky {
  Shaky(int n) { if (n == 13) throw invalid_argument("no thirteen"); }
  int get(int n) {
    if (n == 13) throw invalid_argument("no thirteen");
    while (n == 99) cerr << ' ';
    return n;
  }
};
"#),
    no_json: Ok("struct Shaky { Shaky(int) {} unsigned long long get(int n) { return ~0ull; } };"),
    no_method: Ok(
        "struct Counter { Counter(int) {} void addUp(int) {} void keep(vector<int>) {} vector<int> kept() { return {}; } };",
    ),
    no_class: Ok("struct Count {};"),
};

fn same_class(types: &[Type]) -> String {
    let method = |(n, ty): (usize, &Type)| {
        let ty = spell(ty).unwrap();
        format!("  {ty} same{n}({ty} x) {{ return x; }}\n")
    };
    let methods: String = types.iter().enumerate().map(method).collect();
    format!(
        "// Given: struct ListNode {{ long long val; … }}\nclass Same {{\npublic:\n{methods}}};"
    )
}

/// The type in C++, if that has it.
fn spell(ty: &Type) -> Option<String> {
    Some(match ty {
        Type::Int => "long long".into(),
        Type::Float => "double".into(),
        Type::String => "string".into(),
        Type::Bool => "bool".into(),
        Type::List(of) => format!("vector<{}>", spell(of)?),
        Type::Map(of) => format!("map<string, {}>", spell(of)?),
        Type::LinkedList(of) | Type::LinkedNodes(of) if **of == Type::Int => "ListNode*".into(),
        Type::BinaryTree(of) if **of == Type::Int => "TreeNode*".into(),
        _ => return None,
    })
}
