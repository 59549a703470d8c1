// Part 2: JSON to arguments, and results to JSON.
//
// Functions that call each other by overloading are members, because such a call
// never finds a function of the user's by the type of its argument.

namespace judge_ {
using std::string;
using std::vector;

// What JSON cannot hold.
struct Odd {
  const char* why;
};

// The arguments of a case, from left to right. They come from the judge, so
// what does not fit is a parameter of the wrong type.
struct In {
  const char* at;
  // The parameter's index.
  int param = 0;
  void space() { while (*at == ' ') ++at; }
  bool take(char c) {
    space();
    if (*at != c) return false;
    ++at;
    return true;
  }
  bool word(const char* text) {
    space();
    size_t size = strlen(text);
    if (strncmp(at, text, size)) return false;
    at += size;
    return true;
  }
  void need(bool fine) {
    if (!fine) throw std::invalid_argument(string("an argument does not fit its parameter, at ") + string(at).substr(0, 40));
  }
};

template <class T>
struct No : std::false_type {};

// Any type that no other function takes.
struct Other {
  template <class T>
  Other(const T&) { static_assert(No<T>::value, "judge: A type of the " JUDGE_NAME " is not one that the judge can convert."); }
};

template <class T>
using Integral = std::enable_if_t<std::is_integral<T>::value>;
template <class T>
using Floating = std::enable_if_t<std::is_floating_point<T>::value>;

struct Json {
  static void utf8(string& text, unsigned code) {
    if (code < 0x80) {
      text += char(code);
      return;
    }
    if (code < 0x800) {
      text += char(0xc0 | code >> 6);
    } else {
      if (code < 0x10000) {
        text += char(0xe0 | code >> 12);
      } else {
        text += char(0xf0 | code >> 18);
        text += char(0x80 | (code >> 12 & 63));
      }
      text += char(0x80 | (code >> 6 & 63));
    }
    text += char(0x80 | (code & 63));
  }

  static unsigned hex4(In& in) {
    unsigned code = 0;
    for (int i = 0; i < 4; ++i, ++in.at) {
      char c = *in.at;
      in.need(isxdigit((unsigned char)c));
      code = code * 16 + (c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return code;
  }

  static void get(In&, Other) {}

  static void get(In& in, string& text) {
    in.need(in.take('"'));
    text.clear();
    while (*in.at != '"') {
      in.need(*in.at);
      if (*in.at != '\\') {
        text += *in.at++;
        continue;
      }
      char c = in.at[1];
      in.at += 2;
      if (c == 'u') {
        unsigned code = hex4(in);
        if (code >> 10 == 0x36 && in.word("\\u")) code = 0x10000 + ((code & 1023) << 10) + (hex4(in) & 1023);
        utf8(text, code);
      } else {
        const char* names = "b\bf\fn\nr\rt\t\"\"\\\\//";
        while (*names && *names != c) names += 2;
        in.need(*names);
        text += names[1];
      }
    }
    ++in.at;
  }

  static void get(In& in, bool& value) {
    value = in.word("true");
    in.need(value || in.word("false"));
  }

  static void get(In& in, char& value) {
    string text;
    get(in, text);
    in.need(text.size() == 1);
    value = text[0];
  }

  template <class T>
  static Integral<T> get(In& in, T& value) {
    in.space();
    char* end;
    errno = 0;
    long long number = strtoll(in.at, &end, 10);
    value = T(number);
    in.need(end != in.at && !strchr(".eE", *end) && !errno && (long long)value == number && (value < 0) == (number < 0));
    in.at = end;
  }

  template <class T>
  static Floating<T> get(In& in, T& value) {
    in.space();
    char* end;
    value = T(strtod(in.at, &end));
    in.need(end != in.at);
    in.at = end;
  }

  // Elements of an array, each read by `item`.
  template <class F>
  static void list(In& in, F item) {
    in.need(in.take('['));
    if (in.take(']')) return;
    do item(); while (in.take(','));
    in.need(in.take(']'));
  }

  template <class T>
  static void get(In& in, vector<T>& items) {
    items.clear();
    list(in, [&] {
      T item;
      get(in, item);
      items.push_back(std::move(item));
    });
  }

  template <class M>
  static void members(In& in, M& map) {
    in.need(in.take('{'));
    if (in.take('}')) return;
    do {
      string key;
      get(in, key);
      in.need(in.take(':'));
      get(in, map[key]);
    } while (in.take(','));
    in.need(in.take('}'));
  }
  template <class T>
  static void get(In& in, std::map<string, T>& map) { members(in, map); }
  template <class T>
  static void get(In& in, std::unordered_map<string, T>& map) { members(in, map); }

  template <class N>
  static auto get(In& in, N*& head) -> decltype((void)head->next) {
    __LINKED__
    N** end = &head;
    list(in, [&] {
      *end = new N();
      get(in, (*end)->val);
      end = &(*end)->next;
    });
    *end = nullptr;
  }

  // A tree in level order: the next two values are the children of the next node.
  template <class N>
  static auto get(In& in, N*& root) -> decltype((void)root->left) {
    vector<N*> nodes;
    size_t at = 0;
    bool right = true;
    root = nullptr;
    list(in, [&] {
      N* node = nullptr;
      if (!in.word("null")) {
        node = new N();
        node->left = node->right = nullptr;
        get(in, node->val);
      }
      if (nodes.empty()) {
        root = node;
        right = false;
      } else {
        (right ? nodes[at++]->right : nodes[at]->left) = node;
        right = !right;
      }
      if (node) nodes.push_back(node);
    });
  }

  static void quote(string& out, const string& text) {
    out += '"';
    for (unsigned char c : text) {
      if (c < 32) {
        char code[8];
        snprintf(code, sizeof code, "\\u%04x", c);
        out += code;
        continue;
      }
      if (c == '"' || c == '\\') out += '\\';
      out += char(c);
    }
    out += '"';
  }

  // Whether `text` is UTF-8.
  static bool unicode(const string& text) {
    for (size_t at = 0; at < text.size();) {
      unsigned char c = text[at++];
      if (c < 0x80) continue;
      int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
      unsigned code = c & (0x3f >> more);
      if (c < 0xc2 || c > 0xf4) return false;
      for (int i = 0; i < more; ++i, ++at) {
        if (at == text.size() || (text[at] & 0xc0) != 0x80) return false;
        code = code << 6 | (text[at] & 63);
      }
      if (code >> 11 == 0x1b || code > 0x10ffff || (more == 2 && code < 0x800) || (more == 3 && code < 0x10000)) return false;
    }
    return true;
  }

  static void put(string&, Other) {}

  static void put(string& out, const string& text) {
    if (!unicode(text)) throw Odd{"a string that is not UTF-8"};
    quote(out, text);
  }
  static void put(string& out, const char& c) { put(out, string(1, c)); }
  static void put(string& out, const bool& value) { out += value ? "true" : "false"; }

  template <class T>
  static Integral<T> put(string& out, const T& value) {
    if (value > 0 && (unsigned long long)value > (unsigned long long)std::numeric_limits<long long>::max()) throw Odd{"a whole number beyond 64 bits"};
    out += std::to_string(value);
  }

  template <class T>
  static Floating<T> put(string& out, const T& value) {
    double number = double(value);
    // Which JSON has not.
    if (!std::isfinite(number)) {
      out += std::isnan(number) ? "NaN" : number < 0 ? "-Infinity" : "Infinity";
      return;
    }
    char text[40];
    snprintf(text, sizeof text, "%.17g", number);
    out += text;
    if (!strpbrk(text, ".e")) out += ".0";
  }

  template <class T>
  static void put(string& out, const vector<T>& items) {
    char before = '[';
    for (const T& item : items) {
      out += before;
      put(out, item);
      before = ',';
    }
    out += items.empty() ? "[]" : "]";
  }

  template <class M>
  static void object(string& out, const M& map) {
    char before = '{';
    for (auto& member : map) {
      out += before;
      put(out, member.first);
      out += ':';
      put(out, member.second);
      before = ',';
    }
    out += map.empty() ? "{}" : "}";
  }
  template <class T>
  static void put(string& out, const std::map<string, T>& map) { object(out, map); }
  template <class T>
  static void put(string& out, const std::unordered_map<string, T>& map) { object(out, map); }

  template <class N>
  static auto put(string& out, N* const& head) -> decltype((void)head->next) {
    std::set<const void*> seen;
    size_t start = out.size();
    char before = '[';
    for (N* node = head; node; node = node->next) {
      if (!seen.insert(node).second) __CYCLE__;
      out += before;
      put(out, node->val);
      before = ',';
    }
    out += head ? "]" : "[]";
  }

  template <class N>
  static auto put(string& out, N* const& root) -> decltype((void)root->left) {
    std::set<const void*> seen;
    vector<N*> row(1, root);
    string absent;
    out += '[';
    for (size_t at = 0; at < row.size(); ++at) {
      N* node = row[at];
      if (!node) {
        absent += ",null";
        continue;
      }
      if (!seen.insert(node).second) throw Odd{"a cycle"};
      out += absent;
      if (at) out += ',';
      absent.clear();
      put(out, node->val);
      row.push_back(node->left);
      row.push_back(node->right);
    }
    out += ']';
  }
  __MEMBERS__
};
