// The harness for C (gcc and clang, C99 and later with the extensions of both, POSIX):
// functions and classes.
//
// It stands before the user's code, whose line numbers are its own; what is generated for
// the signature stands behind it (mod.rs). All names begin with judge_. An argument is
// written into memory of the type that the user's function declares; a result is
// converted by the compiler.
//
// Practice sites give the headers of this first part. Functions of the library whose
// names the code uses for its own are hidden from it.
# 1 "judge.c" 3
__RENAMES__
#define JUDGE_UNUSED __attribute__((unused))
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
__RESTORES__
__NODES__
static const char *judge_at;
static char *judge_out;
static size_t judge_size, judge_room;
static int judge_file, judge_call = -1;
// Why the case has no value: `?`, `!` or nothing.
static char judge_mark;
static const char *judge_why;

JUDGE_UNUSED static void judge_stop(char mark, const char *why) {
  if (!judge_mark) {
    judge_mark = mark;
    judge_why = why;
  }
}
JUDGE_UNUSED static void judge_misfit(void) { judge_stop('!', "an argument does not fit its parameter"); }
// Memory for an argument: the user's code may keep it or free it.
static void *judge_memory(size_t count, size_t size) {
  void *memory = calloc(count ? count : 1, size);
  if (!memory) _exit(1);
  return memory;
}

JUDGE_UNUSED static void judge_bytes(const char *text, size_t size) {
  if (judge_size + size + 1 > judge_room) {
    judge_room = 2 * (judge_size + size + 64);
    judge_out = (char *)realloc(judge_out, judge_room);
    if (!judge_out) _exit(1);
  }
  memcpy(judge_out + judge_size, text, size);
  judge_size += size;
}
JUDGE_UNUSED static void judge_text(const char *text) { judge_bytes(text, strlen(text)); }

JUDGE_UNUSED static bool judge_take(char c) {
  while (*judge_at == ' ') ++judge_at;
  if (*judge_at != c) return false;
  ++judge_at;
  return true;
}
JUDGE_UNUSED static void judge_need(char c) {
  if (!judge_take(c)) judge_misfit();
}
JUDGE_UNUSED static bool judge_word(const char *text) {
  while (*judge_at == ' ') ++judge_at;
  size_t size = strlen(text);
  if (strncmp(judge_at, text, size)) return false;
  judge_at += size;
  return true;
}
// How many elements the array at this place has.
static size_t judge_count(void) {
  size_t count = 0, depth = 0;
  bool quoted = false;
  for (const char *at = judge_at; *at; ++at) {
    if (quoted) {
      if (*at == '\\') ++at;
      else if (*at == '"') quoted = false;
      continue;
    }
    if (*at == '"') quoted = true;
    if (depth == 1 && *at != ' ' && *at != ']' && !count) count = 1;
    if (*at == '[' || *at == '{') ++depth;
    if ((*at == ']' || *at == '}') && !--depth) break;
    if (*at == ',' && depth == 1) ++count;
  }
  return count;
}
static long long judge_get_int(void) {
  char *end;
  errno = 0;
  long long value = strtoll(judge_at, &end, 10);
  if (end == judge_at || *end == '.' || *end == 'e' || *end == 'E' || errno) judge_misfit();
  judge_at = end;
  return value;
}
JUDGE_UNUSED static double judge_get_float(void) {
  char *end;
  double value = strtod(judge_at, &end);
  if (end == judge_at) judge_misfit();
  judge_at = end;
  return value;
}
JUDGE_UNUSED static bool judge_get_bool(void) {
  bool value = judge_word("true");
  if (!value && !judge_word("false")) judge_misfit();
  return value;
}
static unsigned judge_hex(void) {
  char four[5] = {0};
  for (int i = 0; i < 4 && isxdigit((unsigned char)*judge_at); ++i) four[i] = *judge_at++;
  return (unsigned)strtoul(four, NULL, 16);
}
JUDGE_UNUSED static char *judge_get_string(void) {
  judge_need('"');
  const char *end = judge_at;
  while (*end && *end != '"') end += *end == '\\' && end[1] ? 2 : 1;
  char *text = (char *)judge_memory((size_t)(end - judge_at) + 1, 1), *to = text;
  while (*judge_at && *judge_at != '"') {
    if (*judge_at != '\\') {
      *to++ = *judge_at++;
      continue;
    }
    char c = judge_at[1];
    judge_at += 2;
    if (c != 'u') {
      const char *names = "b\bf\fn\nr\rt\t";
      while (*names && *names != c) names += 2;
      *to++ = *names ? names[1] : c;
      continue;
    }
    unsigned code = judge_hex();
    if (code >> 10 == 0x36 && judge_word("\\u")) code = 0x10000 + ((code & 1023) << 10) + (judge_hex() & 1023);
    if (!code) judge_stop('!', "C has no text with a zero byte in it");
    if (code < 0x80) {
      *to++ = (char)code;
      continue;
    }
    if (code < 0x800) {
      *to++ = (char)(0xc0 | code >> 6);
    } else {
      if (code < 0x10000) {
        *to++ = (char)(0xe0 | code >> 12);
      } else {
        *to++ = (char)(0xf0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 63));
      }
      *to++ = (char)(0x80 | (code >> 6 & 63));
    }
    *to++ = (char)(0x80 | (code & 63));
  }
  judge_need('"');
  return text;
}
JUDGE_UNUSED static char judge_get_char(void) {
  char *text = judge_get_string();
  if (strlen(text) != 1) judge_misfit();
  return *text;
}

JUDGE_UNUSED static void judge_put_int(long long value) {
  char text[32];
  snprintf(text, sizeof text, "%lld", value);
  judge_text(text);
}
// Of a type that may be unsigned.
JUDGE_UNUSED static void judge_put_whole(long long value, bool positive) {
  if (positive && value < 0) judge_stop('?', "a whole number beyond 64 bits");
  judge_put_int(value);
}
JUDGE_UNUSED static void judge_put_float(double value) {
  char text[40];
  if (isnan(value)) return judge_text("NaN");
  if (isinf(value)) return judge_text(value < 0 ? "-Infinity" : "Infinity");
  for (int digits = 15; digits <= 17; ++digits) {
    snprintf(text, sizeof text, "%.*g", digits, value);
    if (strtod(text, NULL) == value) break;
  }
  judge_text(text);
  if (!strpbrk(text, ".e")) judge_text(".0");
}
JUDGE_UNUSED static void judge_put_bool(bool value) { judge_text(value ? "true" : "false"); }
// Whether a text is UTF-8.
JUDGE_UNUSED static bool judge_unicode(const unsigned char *text) {
  while (*text) {
    unsigned char c = *text++;
    if (c < 0x80) continue;
    int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
    unsigned code = c & (0x3fu >> more);
    if (c < 0xc2 || c > 0xf4) return false;
    for (int i = 0; i < more; ++i) {
      if ((*text & 0xc0) != 0x80) return false;
      code = code << 6 | (*text++ & 63);
    }
    if (code >> 11 == 0x1b || code > 0x10ffff || (more == 2 && code < 0x800) || (more == 3 && code < 0x10000)) return false;
  }
  return true;
}
JUDGE_UNUSED static void judge_put_string(const char *text) {
  if (!text) return judge_stop('?', "nothing: the function returned NULL");
  if (!judge_unicode((const unsigned char *)text)) return judge_stop('?', "text that is not UTF-8");
  judge_text("\"");
  for (; *text; ++text) {
    char code[8];
    if ((unsigned char)*text < 32) {
      snprintf(code, sizeof code, "\\u%04x", (unsigned char)*text);
      judge_text(code);
      continue;
    }
    if (*text == '"' || *text == '\\') judge_text("\\");
    judge_bytes(text, 1);
  }
  judge_text("\"");
}
JUDGE_UNUSED static void judge_put_char(char c) {
  char text[2] = {c, 0};
  judge_put_string(text);
}

// A set of nodes: where each was met first.
struct judge_set {
  const void **keys;
  size_t *places, room, count;
};
JUDGE_UNUSED static bool judge_seen(struct judge_set *set, const void *key, size_t *place) {
  if (2 * (set->count + 1) > set->room) {
    struct judge_set bigger = {0};
    bigger.room = set->room ? 2 * set->room : 64;
    bigger.keys = (const void **)judge_memory(bigger.room, sizeof *bigger.keys);
    bigger.places = (size_t *)judge_memory(bigger.room, sizeof *bigger.places);
    size_t at;
    for (size_t i = 0; i < set->room; ++i) {
      if (set->keys[i] && !judge_seen(&bigger, set->keys[i], &at)) bigger.places[at] = set->places[i];
    }
    free(set->keys);
    free(set->places);
    *set = bigger;
  }
  size_t at = (size_t)((uintptr_t)key * 0x9e3779b97f4a7c15u >> 20) % set->room;
  while (set->keys[at] && set->keys[at] != key) at = (at + 1) % set->room;
  *place = at;
  if (set->keys[at]) return true;
  set->keys[at] = key;
  ++set->count;
  return false;
}

// Arguments that are what earlier calls of the case answered.
static char **judge_answers;
static long long judge_refs[64];
static size_t judge_ref_count;
// Reads the next argument from such an answer, if it is one; returns where to go on.
JUDGE_UNUSED static const char *judge_from(size_t at) {
  if (at >= judge_ref_count || judge_refs[at] < 0) return NULL;
  judge_word("null");
  const char *back = judge_at;
  judge_at = judge_answers[judge_refs[at]];
  return back;
}
JUDGE_UNUSED static void judge_sized(long long size, const void *items) {
  if (size < 0) judge_stop('?', "a size below 0");
  if (size > 0 && !items) judge_stop('?', "nothing: the function returned NULL");
}

JUDGE_UNUSED static void judge_frame(const char *nonce, const char *index, size_t length, char mark, const char *text, size_t size) {
  size_t whole = strlen(nonce) + length + size + 5;
  char *all = (char *)judge_memory(whole + 1, 1);
  int head = sprintf(all, "\x1e%s %.*s %c", nonce, (int)length, index, mark);
  memcpy(all + head, text, size);
  all[(size_t)head + size] = '\n';
  whole = (size_t)head + size + 1;
  for (size_t at = 0; at < whole;) {
    ssize_t done = write(judge_file, all + at, whole - at);
    if (done <= 0) _exit(1);
    at += (size_t)done;
  }
  free(all);
}
// The case's frame: its value, or why there is none.
JUDGE_UNUSED static void judge_tell(const char *nonce, const char *index, size_t length) {
  char mark = judge_mark;
  if (mark) {
    judge_size = 0;
    if (mark == '!') judge_text("{\"kind\":\"error\",\"text\":");
    else if (judge_call >= 0) judge_text("{\"text\":");
    judge_put_string(judge_why);
    if (judge_call >= 0) {
      judge_text(",\"call\":");
      judge_put_int(judge_call);
    }
    if (mark == '!' || judge_call >= 0) judge_text("}");
  }
  judge_frame(nonce, index, length, mark ? mark : '=', judge_out, judge_size);
}

// All of standard input; what the user prints goes to standard error from here on.
JUDGE_UNUSED static char *judge_begin(void) {
  size_t size = 0, room = 65536;
  char *all = (char *)malloc(room + 1);
  ssize_t part;
  while (all && (part = read(0, all + size, room - size)) > 0) {
    size += (size_t)part;
    if (size == room) all = (char *)realloc(all, (room *= 2) + 1);
  }
  if (!all) _exit(1);
  all[size] = 0;
  judge_file = dup(1);
  fcntl(judge_file, F_SETFD, FD_CLOEXEC);
  dup2(2, 1);
  setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  int empty[2];
  if (!pipe(empty)) {
    dup2(empty[0], 0);
    close(empty[0]);
    close(empty[1]);
  }
  // The main thread's stack grows on demand.
  struct rlimit stack;
  rlim_t enough = 64 << 20;
  if (!getrlimit(RLIMIT_STACK, &stack) && stack.rlim_cur < enough) {
    stack.rlim_cur = stack.rlim_max < enough ? stack.rlim_max : enough;
    setrlimit(RLIMIT_STACK, &stack);
  }
  return all;
}
// The user's code, by its own line numbers.
#define __FILE__ "main.c"
#define main judge_main
# 1 "solution.c"
__CODE__
#
# 1 "judge.c" 3
#undef main
#undef __FILE__
#undef bool
#undef char
#undef const
#undef double
#undef else
#undef for
#undef if
#undef int
#undef long
#undef return
#undef sizeof
#undef static
#undef struct
#undef void
#undef while
#define bool _Bool
