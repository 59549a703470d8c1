/* Where the main thread's stack is, for runtimes that ask the C library: it reads
   /proc/self/maps, which the sandbox does not show. Mono ends without an answer, and D's
   garbage collector would search a stack that is not there. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

extern void *__libc_stack_end;

/* Left free at the end, as for the pages between two mappings. */
#define GUARD_BYTES (1 << 20)
#define USUAL_BYTES (8 << 20)

int pthread_getattr_np(pthread_t thread, pthread_attr_t *attr)
{
    static int (*real)(pthread_t, pthread_attr_t *);
    if (gettid() != getpid() || !pthread_equal(thread, pthread_self())) {
        if (!real)
            real = (int (*)(pthread_t, pthread_attr_t *))dlsym(RTLD_NEXT, "pthread_getattr_np");
        return real(thread, attr);
    }
    struct rlimit limit;
    size_t bytes = USUAL_BYTES;
    if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        bytes = limit.rlim_cur;
    if (bytes > 2 * GUARD_BYTES)
        bytes -= GUARD_BYTES;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uintptr_t end = ((uintptr_t)__libc_stack_end + page) & ~(page - 1);
    bytes &= ~(page - 1);
    int error = pthread_attr_init(attr);
    return error ? error : pthread_attr_setstack(attr, (void *)(end - bytes), bytes);
}

#ifdef MONO
/* Mono gives one of its threads a priority, and says so on standard output where that is
   refused. */
int pthread_setschedparam(pthread_t thread, int policy, const struct sched_param *param)
{
    (void)thread, (void)policy, (void)param;
    return 0;
}
#endif
