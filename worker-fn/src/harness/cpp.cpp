// The function harness for C++ (C++14 and later, on POSIX).
//
// Before the user's first constructor runs it reads the nonce and the cases and
// keeps the real standard output to itself; then it calls the function for
// every case and writes one frame a case:
//
//   \x1e<nonce> <index> <mark><json>\n
//
// `=` the value, `?` it is no JSON (a JSON string says why), `!` it was thrown
// (an object: kind, text).
//
// The types are those that the user's function declares: an argument is read
// into its parameter's type, and the result written from its own. build.rs
// leaves the comments out; __NODES__ and so on are filled in by source.rs.

#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <limits>
#include <map>
#include <new>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>
#include <fcntl.h>
#include <unistd.h>
__NODES__
namespace judge_ {
using std::string;
using std::vector;

// What JSON cannot hold.
struct Odd {
  string why;
};

// The arguments of a case, from left to right. They come from the judge, so
// what does not fit is a parameter of the wrong type.
struct In {
  const char* at;
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

inline void utf8(string& text, unsigned code) {
  if (code < 0x80) {
    text += char(code);
  } else if (code < 0x800) {
    text += char(0xc0 | code >> 6);
    text += char(0x80 | (code & 63));
  } else if (code < 0x10000) {
    text += char(0xe0 | code >> 12);
    text += char(0x80 | (code >> 6 & 63));
    text += char(0x80 | (code & 63));
  } else {
    text += char(0xf0 | code >> 18);
    text += char(0x80 | (code >> 12 & 63));
    text += char(0x80 | (code >> 6 & 63));
    text += char(0x80 | (code & 63));
  }
}

inline unsigned hex4(In& in) {
  unsigned code = 0;
  for (int i = 0; i < 4; ++i, ++in.at) {
    char c = *in.at;
    in.need(isxdigit((unsigned char)c));
    code = code * 16 + (c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
  }
  return code;
}

inline void get(In& in, string& text) {
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

inline void get(In& in, bool& value) {
  value = in.word("true");
  in.need(value || in.word("false"));
}

inline void get(In& in, char& value) {
  string text;
  get(in, text);
  in.need(text.size() == 1);
  value = text[0];
}

template <class T>
std::enable_if_t<std::is_integral<T>::value> get(In& in, T& value) {
  in.space();
  char* end;
  errno = 0;
  long long number = strtoll(in.at, &end, 10);
  value = T(number);
  in.need(end != in.at && !strchr(".eE", *end) && !errno && (long long)value == number && (value < 0) == (number < 0));
  in.at = end;
}

template <class T>
std::enable_if_t<std::is_floating_point<T>::value> get(In& in, T& value) {
  in.space();
  char* end;
  value = T(strtod(in.at, &end));
  in.need(end != in.at);
  in.at = end;
}

// Elements of an array, each read by `item`.
template <class F>
void list(In& in, F item) {
  in.need(in.take('['));
  if (in.take(']')) return;
  do item(); while (in.take(','));
  in.need(in.take(']'));
}

template <class T>
void get(In& in, vector<T>& items) {
  items.clear();
  list(in, [&] {
    T item;
    get(in, item);
    items.push_back(std::move(item));
  });
}

template <class M>
void members(In& in, M& map) {
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
void get(In& in, std::map<string, T>& map) { members(in, map); }
template <class T>
void get(In& in, std::unordered_map<string, T>& map) { members(in, map); }

template <class N>
auto get(In& in, N*& head) -> decltype((void)head->next) {
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
auto get(In& in, N*& root) -> decltype((void)root->left) {
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

inline void quote(string& out, const string& text) {
  out += '"';
  for (unsigned char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += char(c);
    } else if (c < 32) {
      char code[8];
      snprintf(code, sizeof code, "\\u%04x", c);
      out += code;
    } else {
      out += char(c);
    }
  }
  out += '"';
}

// Whether `text` is UTF-8.
inline bool unicode(const string& text) {
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

inline void put(string& out, const string& text) {
  if (!unicode(text)) throw Odd{"a string that is not UTF-8"};
  quote(out, text);
}
inline void put(string& out, const char& c) { put(out, string(1, c)); }
inline void put(string& out, const bool& value) { out += value ? "true" : "false"; }

template <class T>
std::enable_if_t<std::is_integral<T>::value> put(string& out, const T& value) {
  if (value > 0 && (unsigned long long)value > (unsigned long long)std::numeric_limits<long long>::max()) throw Odd{"a whole number beyond 64 bits"};
  out += std::to_string(value);
}

template <class T>
std::enable_if_t<std::is_floating_point<T>::value> put(string& out, const T& value) {
  double number = double(value);
  if (!std::isfinite(number)) throw Odd{std::isnan(number) ? "NaN" : "an infinity"};
  char text[40];
  snprintf(text, sizeof text, "%.17g", number);
  out += text;
  if (!strpbrk(text, ".e")) out += ".0";
}

template <class T> void put(string& out, const vector<T>& items);
template <class T> void put(string& out, const std::map<string, T>& map);
template <class T> void put(string& out, const std::unordered_map<string, T>& map);
template <class N> auto put(string& out, N* const& head) -> decltype((void)head->next);
template <class N> auto put(string& out, N* const& root) -> decltype((void)root->left);

template <class T>
void put(string& out, const vector<T>& items) {
  char before = '[';
  for (const T& item : items) {
    out += before;
    put(out, item);
    before = ',';
  }
  out += items.empty() ? "[]" : "]";
}

template <class M>
void object(string& out, const M& map) {
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
void put(string& out, const std::map<string, T>& map) { object(out, map); }
template <class T>
void put(string& out, const std::unordered_map<string, T>& map) { object(out, map); }

template <class N>
auto put(string& out, N* const& head) -> decltype((void)head->next) {
  std::set<const void*> seen;
  char before = '[';
  for (N* node = head; node; node = node->next) {
    if (!seen.insert(node).second) throw Odd{"a cycle"};
    out += before;
    put(out, node->val);
    before = ',';
  }
  out += head ? "]" : "[]";
}

template <class N>
auto put(string& out, N* const& root) -> decltype((void)root->left) {
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

struct Judge {
  string nonce;
  vector<string> cases;
  int out;

  Judge() {
    string all;
    char part[65536];
    for (ssize_t size; (size = read(0, part, sizeof part)) > 0;) all.append(part, size);
    vector<string>& lines = cases;
    for (size_t at = 0, end; (end = all.find('\n', at)) != string::npos; at = end + 1) lines.push_back(all.substr(at, end - at));
    if (lines.empty()) _exit(1);
    nonce = lines[0];
    lines.erase(lines.begin());
    // What the user prints goes to standard error; standard input is at its end.
    out = dup(1);
    fcntl(out, F_SETFD, FD_CLOEXEC);
    dup2(2, 1);
    int empty[2];
    if (!pipe(empty)) {
      dup2(empty[0], 0);
      close(empty[0]);
      close(empty[1]);
    }
  }

  void frame(const string& index, const string& text) {
    string all = "\x1e" + nonce + " " + index + " " + text + "\n";
    for (size_t at = 0; at < all.size();) {
      ssize_t size = write(out, all.data() + at, all.size() - at);
      if (size <= 0) _exit(1);
      at += size;
    }
  }
};
static Judge judge;

inline string trouble(const char* kind, string text) {
  string out = string("!{\"kind\":\"") + kind + "\",\"text\":";
  if (text.size() > 1900) text.resize(1900);
  quote(out, unicode(text) ? text : "an exception whose text is not UTF-8");
  return out + "}";
}

// Calls `f` and writes what it returns.
template <class F>
void answer(string& out, F f, std::false_type) { put(out, f()); }
template <class F>
void answer(string& out, F f, std::true_type) {
  f();
  out += "null";
}

template <class C, class R, class... A, size_t... I>
string one(In in, C& call, std::index_sequence<I...>, R (*)(A...)) {
  std::tuple<std::decay_t<A>...> args;
  string out = "=";
  try {
    in.need(in.take('['));
    int each[] = {0, (in.need(!I || in.take(',')), get(in, std::get<I>(args)), 0)...};
    (void)each;
    in.need(in.take(']'));
    answer(out, [&]() -> R { return call(std::forward<A>(std::get<I>(args))...); }, std::is_void<R>());
    return out;
  } catch (const Odd& odd) {
    out = "?";
    quote(out, odd.why);
    return out;
  } catch (const std::bad_alloc&) {
    return trouble("memory", "std::bad_alloc");
  } catch (const std::exception& error) {
    return trouble("error", error.what());
  } catch (...) {
    return trouble("error", "an exception that is not a std::exception");
  }
}

template <size_t N, class R, class... A, class C>
int all(R (*shape)(A...), C call) {
  static_assert(sizeof...(A) == N, "the function must take as many parameters as the signature");
  for (const string& line : judge.cases) {
    size_t space = line.find(' ');
    if (space == string::npos) continue;
    judge.frame(line.substr(0, space), one(In{line.c_str() + space + 1}, call, std::make_index_sequence<N>(), shape));
  }
  fflush(nullptr);
  std::cout.flush();
  std::cerr.flush();
  _exit(0);
}

template <size_t N, class R, class... A>
int run(R (*f)(A...)) {
  return all<N>(f, [f](A... args) -> R { return f(std::forward<A>(args)...); });
}
template <size_t N, class S, class R, class... A>
int run(R (S::*f)(A...)) {
  return all<N>((R (*)(A...))nullptr, [f](A... args) -> R { return (S().*f)(std::forward<A>(args)...); });
}
template <size_t N, class S, class R, class... A>
int run(R (S::*f)(A...) const) {
  return all<N>((R (*)(A...))nullptr, [f](A... args) -> R { return (S().*f)(std::forward<A>(args)...); });
}
}
#define main user_main_
#line 1 "solution.cpp"
__CODE__
#line 1 "judge.cpp"
#undef main
signed main() { return judge_::run<__COUNT__>(&__TARGET__); }
