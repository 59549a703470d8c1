// Part 3: calls a target, which stands for the user's function, for every case.

struct Judge {
  string nonce;
  vector<string> cases;
  int out;

  Judge() {
    string all;
    char part[65536];
    for (ssize_t size; (size = read(0, part, sizeof part)) > 0;) all.append(part, size);
    for (size_t at = 0, end; (end = all.find('\n', at)) != string::npos; at = end + 1) cases.push_back(all.substr(at, end - at));
    if (cases.empty()) _exit(1);
    nonce = cases[0];
    cases.erase(cases.begin());
    // What the user prints goes to standard error, each line as it ends, so that
    // it is there when a limit ends the program. Standard input is at its end.
    out = dup(1);
    fcntl(out, F_SETFD, FD_CLOEXEC);
    dup2(2, 1);
    setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
    int empty[2];
    if (!pipe(empty)) {
      dup2(empty[0], 0);
      close(empty[0]);
      close(empty[1]);
    }
    // The main thread's stack grows on demand, and Linux keeps 128 MB of address
    // space for it. An endpoint may offer more by itself.
    rlimit stack;
    rlim_t enough = 64 << 20;
    if (!getrlimit(RLIMIT_STACK, &stack) && stack.rlim_cur < enough) {
      stack.rlim_cur = stack.rlim_max < enough ? stack.rlim_max : enough;
      setrlimit(RLIMIT_STACK, &stack);
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
  Json::quote(out, Json::unicode(text) ? text : "an exception whose text is not UTF-8");
  return out + "}";
}

// Arguments for parameters of these types.
template <class... A>
struct Typed {
  std::tuple<std::decay_t<A>...> values;
  template <size_t... i>
  void read(In& in, std::index_sequence<i...>) {
    int each[] = {0, (in.need(!i || in.take(',')), Json::get(in, std::get<i>(values)), ++in.param)...};
    (void)each;
  }
  template <class Target, size_t... i>
  decltype(auto) call(Target& target, std::index_sequence<i...>) { return target.judge_call(__PASS__<A>(std::get<i>(values))...); }
};

// The parameters of a function: of the only one with as many as the signature
// has, or else the first ones of the only function, whose others have defaults.
template <int n>
struct Rank : Rank<n - 1> {};
template <>
struct Rank<0> {};
#define JUDGE_SHAPE(owner, pointer, qualifier) \
template <owner JUDGE_CLASSES class R> Typed<JUDGE_TYPES> shape(R (pointer)(JUDGE_TYPES) qualifier, Rank<2>); \
template <owner JUDGE_CLASSES class R, class... More> Typed<JUDGE_TYPES> shape(R (pointer)(JUDGE_LEADING More...) qualifier, Rank<1>);
#define JUDGE_OWNER class C,
JUDGE_SHAPE(, *, )
JUDGE_SHAPE(JUDGE_OWNER, C::*, )
JUDGE_SHAPE(JUDGE_OWNER, C::*, const)
JUDGE_SHAPE(JUDGE_OWNER, C::*, &)

// A function that stands beside the user's, for the case that there is none or
// that there are several.
struct None {};
struct Nobody {};
None shape(None (*)(Nobody, ...), Rank<0>);

// Otherwise the first of the signature's usual types that the target takes.
template <class Target, class... A>
auto takes(Typed<A...>*) -> decltype((void)std::declval<Target&>().judge_call(std::declval<A>()...), std::true_type());
template <class Target>
std::false_type takes(...);
template <class Target, class Shape, class... Usual>
struct Way { using type = std::conditional_t<decltype(judge_::takes<Target>((Shape*)nullptr))::value, Shape, None>; };
template <class Target>
struct Way<Target, None> { using type = None; };
template <class Target, class Next, class... Usual>
struct Way<Target, None, Next, Usual...> : Way<Target, std::conditional_t<decltype(judge_::takes<Target>((Next*)nullptr))::value, Next, None>, Usual...> {};

// Calls `f` and writes what it returns.
template <class F>
void answer(string& out, F f, std::false_type) { Json::put(out, f()); }
template <class F>
void answer(string& out, F f, std::true_type) {
  f();
  if (!JUDGE_NOTHING) throw Odd{"nothing: the function returned no value, and printing one does not return it"};
  out += "null";
}

// The case's frame is written before the user's destructor runs, which may end the program.
template <class Target, class Way>
void one(const string& index, In in) {
  using Each = std::make_index_sequence<JUDGE_COUNT>;
  string out = "=";
  Way way{};
  Target* done = nullptr;
  try {
    in.need(in.take('['));
    way.read(in, Each());
    in.need(in.take(']'));
    Target* target = new Target();
    auto call = [&]() -> decltype(auto) { return way.call(*target, Each()); };
    __ANSWER__
    done = target;
  } catch (const Odd& odd) {
    out = "?";
    Json::quote(out, odd.why);
  } catch (const std::bad_alloc&) {
    out = trouble("memory", "std::bad_alloc");
  } catch (const std::exception& error) {
    out = trouble("error", error.what());
  } catch (...) {
    out = trouble("error", "an exception that is not a std::exception");
  }
  judge.frame(index, out);
  delete done;
}

template <class Target, class Way>
int all(Way*) {
  for (const string& line : judge.cases) {
    size_t space = line.find(' ');
    if (space != string::npos) one<Target, Way>(line.substr(0, space), In{line.c_str() + space + 1});
  }
  fflush(nullptr);
  std::cout.flush();
  std::cerr.flush();
  _exit(0);
}
template <class Target>
int all(None*) { return 1; }
}

// Targets. A macro of the user's could change what stands behind the user's code,
// so that has little more than names of the harness's own.
#define JUDGE_A static_cast<judge_A&&>(judge_a)...
#define JUDGE_TARGET(self, callee) \
struct judge_target { self \
template <class... judge_A> auto judge_call(judge_A&&... judge_a) -> decltype(callee(JUDGE_A)) { return callee(JUDGE_A); } };
#define JUDGE_SHAPE_OF(member) \
template <class judge_A> auto judge_shape(int) -> decltype(judge_::shape(&judge_A::member, judge_::Rank<2>())); \
template <class judge_A> judge_::None judge_shape(...);
#define JUDGE_FOUND(name, found) static_assert(found, "judge: The function `" #name "` was not found in your code.");
#define JUDGE_MAIN(name, ...) \
using judge_way = judge_::Way<judge_target, __VA_ARGS__>::type; \
static_assert(!std::is_same<judge_way, judge_::None>::value, "judge: The function `" #name "` is private, or its parameters are not those of the problem."); \
signed main() { return judge_::all<judge_target>((judge_way*)nullptr); }

#define JUDGE_METHOD(name, ...) \
struct judge_member { judge_::None name; }; \
template <class judge_A> struct judge_both : std::conditional_t<std::is_final<judge_A>::value, judge_::None, judge_A>, judge_member {}; \
template <class judge_A> auto judge_has(int) -> decltype((void)&judge_both<judge_A>::name, std::false_type()); \
template <class judge_A> std::true_type judge_has(...); \
JUDGE_FOUND(name, std::is_final<Solution>::value || decltype(judge_has<Solution>(0))::value) \
static_assert(std::is_default_constructible<Solution>::value, "judge: The class Solution has no constructor without parameters."); \
JUDGE_SHAPE_OF(name) \
JUDGE_TARGET(Solution judge_self{};, this->judge_self.name) \
JUDGE_MAIN(name, decltype(judge_shape<Solution>(0)), __VA_ARGS__)
#define JUDGE_FUNCTION(name, ...) \
judge_::None name(judge_::Nobody, ...); \
JUDGE_TARGET(, ::name) \
JUDGE_MAIN(name, decltype(judge_::shape(&::name, judge_::Rank<2>())), __VA_ARGS__)
// Such as a lambda.
#define JUDGE_VALUE(name, ...) \
JUDGE_SHAPE_OF(operator()) \
JUDGE_TARGET(, ::name) \
JUDGE_MAIN(name, decltype(judge_shape<std::remove_reference_t<decltype(::name)>>(0)), __VA_ARGS__)
// In a namespace, or by a macro.
#define JUDGE_ELSEWHERE(name, ...) \
JUDGE_TARGET(, name) \
JUDGE_MAIN(name, decltype(judge_::shape(&name, judge_::Rank<2>())), __VA_ARGS__)
#define JUDGE_MISSING(name, ...) JUDGE_FOUND(name, false)
