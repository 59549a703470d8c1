//! C's programs.

use shared::domain::problem::types::Type;

use super::Programs;

const NO_EXCEPTIONS: &str = "C has no exceptions";

pub(super) const PROGRAMS: Programs = Programs {
    compiled: true,
    same: |ty| {
        let (params, returns, size) = spell(ty)?;
        Some(format!(
            "// long long val\n{returns} same({params}{}) {{ {} return x; }}",
            if size.is_empty() {
                ""
            } else {
                RETURNED[size.len() - 1].0
            },
            if size.is_empty() {
                ""
            } else {
                RETURNED[size.len() - 1].1
            },
        ))
    },
    same_class,
    raises: Err(NO_EXCEPTIONS),
    memory: Err("malloc returns NULL, and a crash ends the program"),
    endless: Ok(
        "int* f(int n, int* returnSize) { while (n == 2); int* all = malloc(9 * sizeof(int)); for (int i = 0; i < 9; i++) all[i] = n; *returnSize = 9; return all; }",
    ),
    wrong_type: Ok("char* f(int n) { return \"x\"; }"),
    missing: Ok("int g(int n) { return n; }"),
    syntax: Ok("int f(int n) {\n  return n + ;\n}\n"),
    prints: Ok(
        "#include <stdio.h>\nint main() { puts(\"printed\"); return 0; }\nint f(int n) { printf(\"printed\"); main(); if (write(1, \"printed\\n\", 8) < 0 || system(\"echo printed\")) return 0; return n; }",
    ),
    reads: Ok("int f(int n) { char b[9]; return read(0, b, 9) + (getchar() != EOF); }"),
    deep: Ok("int f(int n) { volatile char pad[256]; pad[0] = n; return n ? 1 + f(n - 1) : 0; }"),
    odd_floats: Ok("double f(int n) { return (double[]){NAN, INFINITY, -INFINITY}[n]; }"),
    odd_text: Ok("char* f(int n) { return \"a\\xff\"; }"),
    honest: "int secret(int x) { char key[20]; sprintf(key, \"%d: \", x); return atoi(strstr(\"TABLE\", key) + 3); }",
    forgeries: &[
        (
            "frames on every descriptor",
            r#"
int secret(int x) {
  for (int fd = 1; fd < 20; fd++)
    for (int i = 0; i < 3; i++) dprintf(fd, "\x1e" "NONCE %d =982\n", i);
  fputs("REACHED", stderr);
  return x;
}
"#,
        ),
        (
            "a main of its own, and macros",
            r#"
#define JUDGE_CLASS 1
#define snprintf(...) 0
#define return return 982;
#undef return
int main(void) { puts("Accepted"); }
int secret(int x) { fputs("REACHED", stderr); return x; }
"#,
        ),
        (
            "the harness's own function",
            r#"
int secret(int x) {
  for (int i = 0; i < 3; i++) { char n[9]; sprintf(n, "%d", i); judge_frame("NONCE", n, 1, '=', "982", 3); }
  fputs("REACHED", stderr);
  _exit(0);
}
"#,
        ),
    ],
    rotate: Ok(
        "void rotate(int* nums, int numsSize, int k) { while (numsSize && k-- > 0) { int last = nums[numsSize - 1]; memmove(nums + 1, nums, (numsSize - 1) * sizeof *nums); nums[0] = last; } }",
    ),
    rebinds: Ok(
        "void rotate(long long nums[], int numsSize, int k) { long long* other = malloc(numsSize * sizeof *nums + 1); nums = other; if (numsSize) nums[0] = k; }",
    ),
    remove: Ok(
        "int removeElement(int* nums, int numsSize, int val) {\n    int k = 0;\n    for (int i = 0; i < numsSize; i++) if (nums[i] != val) nums[k++] = nums[i];\n    return k;\n}",
    ),
    deal: Ok(
        "int deal(int* a, int aSize, long long* b, int bSize, struct ListNode* c) { int first = a[0]; a[0] = b[0]; b[0] = first; if (c) c->val = 9; return aSize; }",
    ),
    insert_nine: Ok(
        "/**\n * struct ListNode {\n *     int val;\n *     struct ListNode *next;\n * };\n */\nvoid insertNine(struct ListNode* head) { if (!head) return; struct ListNode* nine = malloc(sizeof *nine); nine->val = 9; nine->next = head->next; head->next = nine; head = NULL; }",
    ),
    mirror: Ok(
        "typedef struct TreeNode Node;\nvoid mirror(struct TreeNode* root) { if (root) { Node* left = root->left; root->left = root->right; root->right = left; mirror(root->left); mirror(root->right); } }",
    ),
    has_cycle: Ok(
        "bool hasCycle(struct ListNode *head) {\n    struct ListNode *slow = head, *fast = head;\n    while (fast && fast->next) { slow = slow->next; fast = fast->next->next; if (slow == fast) return true; }\n    return false;\n}",
    ),
    detect_cycle: Ok(
        "struct ListNode *detectCycle(struct ListNode *head) { struct ListNode *slow = head, *fast = head; while (fast && fast->next) { slow = slow->next; fast = fast->next->next; if (slow == fast) { while (head != slow) { head = head->next; slow = slow->next; } return head; } } return NULL; }",
    ),
    meet: Ok(
        "struct ListNode *meet(struct ListNode *a, struct ListNode *b) { for (; b; b = b->next) for (struct ListNode *x = a; x; x = x->next) if (x == b) return b; return NULL; }",
    ),
    delete_node: Ok(
        "void deleteNode(struct ListNode* node) { node->val = node->next->val; node->next = node->next->next; }",
    ),
    counter: Ok(r"
typedef struct {
    int n, size;
    int* list;
} Counter;

Counter* counterCreate(int start) {
    Counter* obj = calloc(1, sizeof(Counter));
    obj->n = start;
    return obj;
}

int counterAddUp(Counter* obj, int n) { return obj->n += n; }

int counterTotal(Counter* obj) { return obj->n; }

void counterKeep(Counter* obj, int* nums, int numsSize) {
    obj->list = nums;
    obj->size = numsSize;
    for (int i = 0; i < numsSize; i++) nums[i]++;
}

int* counterKept(Counter* obj, int* retSize) {
    *retSize = obj->size;
    return obj->list;
}

void counterFree(Counter* obj) { free(obj); }
"),
    counter_own_style: Ok(r"
struct Counter { long long n; size_t size; long long list[9]; };
typedef struct Counter counter;
struct Counter* Counter_create(long long start);
counter *CounterCreate(long long start) { counter *it = calloc(1, sizeof *it); it->n = start; return it; }
void CounterAdd_up(counter *it, long n) { it->n += n; }
long CounterTotal(const counter *it) { return it->n; }
void CounterKeep(counter *it, const long long nums[], size_t size) { it->size = size; for (size_t i = 0; i < size; i++) it->list[i] = nums[i] + 1; }
long long *CounterKept(counter *it, size_t *size) { *size = it->size; return it->list; }
"),
    codec: Ok(r#"
typedef struct { int unused; } Codec;
Codec* codecCreate() { return malloc(sizeof(Codec)); }
char* codecEncode(Codec* obj, char** strs, int strsSize) {
    char* out = calloc(1, 4096);
    for (int i = 0; i < strsSize; i++) sprintf(out + strlen(out), "%zu:%s", strlen(strs[i]), strs[i]);
    return out;
}
char** codecDecode(Codec* obj, char* s, int* returnSize) {
    char** out = malloc(99 * sizeof *out);
    *returnSize = 0;
    while (*s) {
        size_t n = strtoul(s, &s, 10);
        out[(*returnSize)++] = strndup(s + 1, n);
        s += n + 1;
    }
    return out;
}
"#),
    shaky: Err(NO_EXCEPTIONS),
    no_json: Ok(
        "typedef struct { int n; } Shaky;\nShaky* shakyCreate(int n) { return malloc(4); }\nunsigned long long shakyGet(Shaky* obj, int n) { return -1; }",
    ),
    no_method: Ok(
        "typedef struct { int n; } Counter;\nCounter* counterCreate(int start) { return NULL; }\nvoid counterAddUp(Counter* obj, int n) {}",
    ),
    no_class: Ok("typedef struct { int n; } Count;"),
};

/// What returns the size, and sets it.
const RETURNED: [(&str, &str); 2] = [
    (", int* returnSize", "*returnSize = n;"),
    (
        ", int* returnSize, int** columns",
        "*returnSize = n; *columns = m;",
    ),
];

/// The parameters, the result, and a letter for each size.
fn spell(ty: &Type) -> Option<(String, String, &'static str)> {
    let item = |ty: &Type| match ty {
        Type::Int => Some("long long"),
        Type::Float => Some("double"),
        Type::String => Some("char*"),
        Type::Bool => Some("bool"),
        Type::LinkedList(of) | Type::LinkedNodes(of) if **of == Type::Int => {
            Some("struct ListNode*")
        }
        Type::BinaryTree(of) if **of == Type::Int => Some("struct TreeNode*"),
        _ => None,
    };
    Some(match ty {
        Type::List(of) => match &**of {
            Type::List(of) => {
                let of = item(of).filter(|of| !of.starts_with("struct"))?;
                (format!("{of}** x, int n, int* m"), format!("{of}**"), "nm")
            }
            of => {
                let of = item(of)?;
                (format!("{of}* x, int n"), format!("{of}*"), "n")
            }
        },
        ty => {
            let of = item(ty)?;
            (format!("{of} x"), of.into(), "")
        }
    })
}

fn same_class(types: &[Type]) -> String {
    let method = |(n, ty): (usize, &Type)| {
        let (params, returns, size) = spell(ty).unwrap();
        let (more, set) = match size.len() {
            0 => ("", ""),
            count => RETURNED[count - 1],
        };
        format!("{returns} sameSame{n}(Same* obj, {params}{more}) {{ {set} return x; }}\n")
    };
    let methods: String = types.iter().enumerate().map(method).collect();
    format!(
        "// long long val\ntypedef struct {{ int n; }} Same;\nSame* sameCreate() {{ return malloc(4); }}\n{methods}"
    )
}
