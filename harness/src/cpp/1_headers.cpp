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
// joins the files and leaves the comments out; __NODES__ and so on are filled
// in by cpp/mod.rs.
//
// The user's code stands behind all of this, so that no macro and no name of its
// own reaches the harness.

// Part 1: the standard library. JUDGE_HEADERS: 0 what the harness needs, 1 what
// solutions usually need, 2 everything. Everything costs a second more to
// compile, but the least of all where the endpoint has it precompiled: GCC uses
// that if only directives stand before it, and no other file was looked up. A
// "system header" (3) causes no warnings.
# 1 "judge.cpp" 3
#define JUDGE_HEADERS __HEADERS__
__RENAMES__
#if __has_include(<bits/stdc++.h>) && (JUDGE_HEADERS == 2 || JUDGE_HEADERS && __has_include(<bits/stdc++.h.gch>))
#include <bits/stdc++.h>
#else
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
#if JUDGE_HEADERS
#include <algorithm>
#include <array>
#include <bitset>
#include <cassert>
#include <cfloat>
#include <climits>
#include <cstdint>
#include <ctime>
#include <deque>
#include <functional>
#include <iomanip>
#include <list>
#include <memory>
#include <numeric>
#include <queue>
#include <sstream>
#include <stack>
#include <unordered_set>
#endif
#if JUDGE_HEADERS == 2
#include <chrono>
#include <complex>
#include <random>
#include <regex>
#include <thread>
#endif
#endif
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
__RESTORES__
__NODES__
// Of the signature: what is called, whether nothing is returned, how many parameters it
// has, and names for their types in three forms.
#define JUDGE_NAME "__WHAT__"
#define JUDGE_NOTHING __NOTHING__
#define JUDGE_COUNT __COUNT__
#define JUDGE_CLASSES __CLASSES__
#define JUDGE_TYPES __TYPES__
#define JUDGE_LEADING __LEADING__
