// What AudioDevices takes from C: ALSA, and the few Linux calls that Swift's Glibc module does not show.
#pragma once

#include <alsa/asoundlib.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

// glibc shows these under _GNU_SOURCE only, with which its types would differ from those of Swift's Glibc module.
extern int vv_ppoll(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *) __asm__("ppoll");
extern int vv_pthread_setname(pthread_t, const char *) __asm__("pthread_setname_np");
#define VV_SCHED_RESET_ON_FORK 0x40000000

/// Nanoseconds on the monotonic clock.
static inline int64_t vv_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/// Waits for one of `count` descriptors until the monotonic clock stands at `until` nanoseconds; negative waits for
/// ever. Returns what poll(2) returns, whose milliseconds are too coarse to pace sound by.
static inline int vv_wait(struct pollfd *descriptors, int count, int64_t until) {
    for (;;) {
        struct timespec left = {0, 0};
        if (until >= 0) {
            int64_t remaining = until - vv_now();
            if (remaining > 0) {
                left.tv_sec = (time_t)(remaining / 1000000000);
                left.tv_nsec = (long)(remaining % 1000000000);
            }
        }
        int result = vv_ppoll(descriptors, (nfds_t)count, until >= 0 ? &left : NULL, NULL);
        if (result >= 0 || errno != EINTR) return result;
    }
}

/// A counter to wake a waiting thread by: close-on-exec, never blocking. Its flags are macros.
static inline int vv_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

/// A queue of changes of files: close-on-exec, never blocking. Its flags are macros.
static inline int vv_inotify(void) { return inotify_init1(IN_CLOEXEC | IN_NONBLOCK); }

/// Names the calling thread, at most 15 characters.
static inline int vv_thread_name(const char *name) { return vv_pthread_setname(pthread_self(), name); }

/// Asks for the lowest real-time priority for the calling thread, forked children excepted. Returns 0 or errno.
static inline int vv_thread_real_time(int wanted) {
    struct sched_param parameter = {.sched_priority = wanted ? sched_get_priority_min(SCHED_FIFO) : 0};
    int policy = wanted ? SCHED_FIFO | VV_SCHED_RESET_ON_FORK : SCHED_OTHER;
    return pthread_setschedparam(pthread_self(), policy, &parameter);
}

/// The same for another thread of this process, by its number. Returns 0 or -1.
static inline int vv_other_thread_real_time(pid_t thread) {
    struct sched_param parameter = {.sched_priority = sched_get_priority_min(SCHED_FIFO)};
    return sched_setscheduler(thread, SCHED_FIFO | VV_SCHED_RESET_ON_FORK, &parameter);
}

/// Makes a write to a pipe that nobody reads any more return EPIPE on this thread instead of ending the process.
static inline int vv_thread_ignore_broken_pipes(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    return pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/// Whether a descriptor is a folder, which opens for reading like a file: S_ISDIR is a macro with an argument.
static inline int vv_is_folder(int descriptor) {
    struct stat status;
    return fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode);
}

/// Whether there is something in a file that writing it anew would destroy: S_ISREG is a macro with an argument.
static inline int vv_has_content(const struct stat *status) { return S_ISREG(status->st_mode); }

/// Whether something passes bytes on, one after the other, and keeps none: a pipe, a terminal, a device.
static inline int vv_is_stream(const struct stat *status) {
    return S_ISFIFO(status->st_mode) || S_ISCHR(status->st_mode);
}

static inline void vv_alsa_say_nothing(
    const char *file, int line, const char *function, int error, const char *format, ...) {
    (void)file, (void)line, (void)function, (void)error, (void)format;
}

/// Keeps ALSA from printing to stderr what its calls return anyway, for the whole process. Its handler is variadic,
/// which Swift's functions cannot be.
static inline void vv_alsa_quiet(void) { snd_lib_error_set_handler(vv_alsa_say_nothing); }
