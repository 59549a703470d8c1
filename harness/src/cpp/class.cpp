// For classes only, behind part 3: the constructor's and the methods' parameters, and
// the calls of a case.

namespace judge_ {
// The parameters of the only method of its name, if there are `n`.
template <class R, class C, class... A> Typed<A...> whole(R (C::*)(A...));
template <class R, class C, class... A> Typed<A...> whole(R (C::*)(A...) const);
template <class R, class C, class... A> Typed<A...> whole(R (C::*)(A...) &);
template <class R, class... A> Typed<A...> whole(R (*)(A...));
template <int n, class T>
struct Counted { using type = None; };
template <int n, class... A>
struct Counted<n, Typed<A...>> { using type = std::conditional_t<sizeof...(A) == n, Typed<A...>, None>; };

// A value that is no other type's argument, as a whole number is of another's. What
// takes these takes the types themselves.
template <class T>
struct Exact { template <class U, class = std::enable_if_t<std::is_same<std::remove_cv_t<U>, T>::value>> operator U&() const; };
template <class T>
struct Exact<T&> : Exact<T> {};
template <class Target, class... A>
auto exact(Typed<A...>*) -> decltype((void)std::declval<Target&>().judge_call(Exact<A>()...), std::true_type());
template <class Target>
std::false_type exact(...);
template <class Target, class Usual>
using Exactly = std::conditional_t<decltype(judge_::exact<Target>((Usual*)nullptr))::value, Usual, None>;
template <class Target, class... Usual>
using New = typename Way<Target, None, Exactly<Target, Usual>..., Usual...>::type;

template <class F>
void result(string& out, F f, std::true_type) {
  f();
  out += "null";
}
template <class F>
void result(string& out, F f, std::false_type) { answer(out, f, std::is_void<decltype(f())>()); }

template <int n, bool nothing, class Way, class Target>
void method(Target target, In in, string& out) {
  using Each = std::make_index_sequence<n>;
  Way way{};
  way.read(in, Each());
  auto call = [&]() -> decltype(auto) { return way.call(target, Each()); };
  result(out, call, std::integral_constant<bool, nothing>());
}

// Passes over a value.
inline string skip(In& in) {
  in.space();
  const char* start = in.at;
  int depth = 0;
  do {
    in.need(*in.at);
    if (*in.at == '"') {
      while (*++in.at != '"') {
        in.need(*in.at);
        if (*in.at == '\\') ++in.at;
      }
    } else if (*in.at == '[' || *in.at == '{') {
      ++depth;
    } else if (*in.at == ']' || *in.at == '}') {
      --depth;
    }
    ++in.at;
  } while (depth || !strchr(",]} ", *in.at));
  return string(start, in.at);
}

// The object, the method and the arguments of a call; what an earlier one returned is
// in `texts`.
struct Call {
  long long object, method;
  string arguments;
  Call(In in, const vector<string>& texts) {
    vector<long long> refs;
    in.need(in.take('['));
    Json::get(in, object);
    in.need(in.take(','));
    Json::get(in, method);
    in.need(in.take(','));
    Json::get(in, refs);
    for (size_t at = 0; in.take(','); ++at) {
      if (at) arguments += ',';
      string text = skip(in);
      arguments += at < refs.size() && refs[at] >= 0 ? texts.at(refs[at]) : text;
    }
    // As behind a function's.
    arguments += ']';
  }
};

// The case's frame is written before the user's destructors run, which may end the program.
template <class Owner, class Maker, int n>
void calls(In in, const string& index, void (*const methods[])(Owner&, In, string&)) {
  string out;
  size_t number = 0;
  vector<Owner*> objects;
  bool done = false;
  try {
    vector<string> all, texts;
    Json::list(in, [&] { all.push_back(skip(in)); });
    objects.resize(all.size());
    bool told = judge.cases.size() == 1 && all.size() <= 1000;
    for (; number < all.size(); ++number) {
      if (told) judge.frame(index, ">" + std::to_string(number));
      Call call(In{all[number].c_str()}, texts);
      Owner*& object = objects.at(call.object);
      In arguments{call.arguments.c_str()};
      texts.push_back(call.method < 0 ? "null" : "");
      if (call.method < 0) {
        using Each = std::make_index_sequence<n>;
        Maker way{};
        way.read(arguments, Each());
        typename Maker::Target target;
        object = way.call(target, Each());
      } else {
        methods[call.method](*object, arguments, texts.back());
      }
      out += number ? ',' : '[';
      out += texts.back();
    }
    out = "=" + out + "]";
    done = true;
  } catch (const Odd& odd) {
    out = "?{\"text\":";
    Json::quote(out, odd.why);
    out += '}';
  } catch (const std::bad_alloc&) {
    out = trouble("memory", "std::bad_alloc");
  } catch (const std::exception& error) {
    out = trouble("error", error.what());
  } catch (...) {
    out = trouble("error", "an exception that is not a std::exception");
  }
  if (!done) {
    out.pop_back();
    out += ",\"call\":" + std::to_string(number) + "}";
    objects.clear();
  }
  judge.frame(index, out);
  for (Owner* object : objects) delete object;
}

template <class Way, class T>
struct Constructor : Way { using Target = T; };

template <class Maker, int n, class Owner, size_t count>
int every(void (*const (&methods)[count])(Owner&, In, string&)) {
  for (const string& line : judge.cases) {
    size_t space = line.find(' ');
    if (space == string::npos) continue;
    string index = line.substr(0, space);
    calls<Owner, Maker, n>(In{line.c_str() + space + 1}, index, methods);
  }
  fflush(nullptr);
  std::cout.flush();
  std::cerr.flush();
  _exit(0);
}
}

#define JUDGE_NO_CLASS(owner) static_assert(false, "judge: The class `" #owner "` was not found in your code.");
#define JUDGE_OBJECT(owner, count, ...) \
struct judge_object { template <class... judge_A> auto judge_call(judge_A&&... judge_a) -> decltype(new owner(JUDGE_A)) { return new owner(JUDGE_A); } }; \
using judge_new = judge_::New<judge_object, __VA_ARGS__>; \
static_assert(!std::is_same<judge_new, judge_::None>::value, "judge: The constructor of the class `" #owner "` is private, or its parameters are not those of the problem.");
#define JUDGE_CALL(owner, name, number, count, nothing, ...) \
struct judge_member##number { judge_::None name; }; \
template <class judge_A> struct judge_both##number : std::conditional_t<std::is_final<judge_A>::value, judge_::None, judge_A>, judge_member##number {}; \
template <class judge_A> auto judge_has##number(int) -> decltype((void)&judge_both##number<judge_A>::name, std::false_type()); \
template <class judge_A> std::true_type judge_has##number(...); \
static_assert(std::is_final<owner>::value || decltype(judge_has##number<owner>(0))::value, "judge: The method `" #name "` of the class `" #owner "` was not found in your code."); \
template <class judge_A> auto judge_shape##number(int) -> decltype(judge_::whole(&judge_A::name)); \
template <class judge_A> judge_::None judge_shape##number(...); \
struct judge_target##number { owner& judge_self; \
template <class... judge_A> auto judge_call(judge_A&&... judge_a) -> decltype(this->judge_self.name(JUDGE_A)) { return this->judge_self.name(JUDGE_A); } }; \
using judge_way##number = judge_::Way<judge_target##number, judge_::Counted<count, decltype(judge_shape##number<owner>(0))>::type, __VA_ARGS__>::type; \
static_assert(!std::is_same<judge_way##number, judge_::None>::value, "judge: The method `" #name "` of the class `" #owner "` is private, or its parameters are not those of the problem."); \
static void judge_call##number(owner& judge_self, judge_::In judge_in, judge_::string& judge_out) { judge_::method<count, nothing, judge_way##number>(judge_target##number{judge_self}, judge_in, judge_out); }
#define JUDGE_CALLS(owner, count, ...) \
static void (*const judge_methods[])(owner&, judge_::In, judge_::string&) = {__VA_ARGS__}; \
signed main() { return judge_::every<judge_::Constructor<judge_new, judge_object>, count>(judge_methods); }
