/* Included before every C and C++ file: at an interrupt, which the runner sends when the
   time is used up, what the program has buffered is written before the signal ends it.
   The program's own handler takes the place of this one.

   It includes nothing, because the program's own macros (_GNU_SOURCE) decide what the
   system's headers declare, and it reaches the C library by symbols, so that no name is
   declared twice. What runs at the start has a reserved symbol: a program may have a
   variable that is called `signal`. */
#ifndef EDGEJUDGE_FLUSH_H_
#define EDGEJUDGE_FLUSH_H_
#ifdef __linux__
#pragma GCC system_header

#ifdef __cplusplus
#define EDGEJUDGE_C_ extern "C"
/* Members of C++'s streams, as the Itanium ABI names them. Weak: a program without
   streams has none, and is not made to load them. */
extern "C" __attribute__((weak)) char __edgejudge_cout[] __asm__("_ZSt4cout");
extern "C" __attribute__((weak)) char __edgejudge_clog[] __asm__("_ZSt4clog");
extern "C" __attribute__((weak)) char __edgejudge_wcout[] __asm__("_ZSt5wcout");
extern "C" __attribute__((weak)) void *__edgejudge_flush_narrow(void *) __asm__("_ZNSo5flushEv");
extern "C" __attribute__((weak)) void *__edgejudge_flush_wide(void *) __asm__("_ZNSt13basic_ostreamIwSt11char_traitsIwEE5flushEv");
#else
#define EDGEJUDGE_C_ extern
#endif
EDGEJUDGE_C_ int __edgejudge_fflush(void *) __asm__("fflush");
EDGEJUDGE_C_ int __edgejudge_raise(int) __asm__("raise");
EDGEJUDGE_C_ void (*__edgejudge_signal(int, void (*)(int)))(int) __asm__("__sysv_signal");
#undef EDGEJUDGE_C_

static void __edgejudge_flush(int number) {
#ifdef __cplusplus
  if (__edgejudge_flush_narrow) {
    if (__edgejudge_cout) __edgejudge_flush_narrow(__edgejudge_cout);
    if (__edgejudge_clog) __edgejudge_flush_narrow(__edgejudge_clog);
  }
  if (__edgejudge_flush_wide && __edgejudge_wcout) __edgejudge_flush_wide(__edgejudge_wcout);
#endif
  __edgejudge_fflush(0);
  /* This handler is for one signal only: the second one ends the program, as the first
     would have without this file. */
  __edgejudge_raise(number);
}

__attribute__((constructor)) static void __edgejudge_start(void) {
  __edgejudge_signal(2 /* SIGINT */, __edgejudge_flush);
}
#endif
#endif
