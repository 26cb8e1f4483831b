#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>

// Swift's runtime prints what registers point at when the process crashes (SWIFT_BACKTRACE), which may be a key: a core
// dump in small. These are the signals that it takes.
static const int crashes[] = {SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP};

static void forbid_backtraces(void) {
    // Once: a handler that comes later is ours, and gives the terminal back (terminal.c).
    static atomic_flag is_done = ATOMIC_FLAG_INIT;
    if (atomic_flag_test_and_set(&is_done)) return;
    for (size_t index = 0; index < sizeof crashes / sizeof crashes[0]; index++) {
        struct sigaction found;
        struct sigaction standard = {.sa_handler = SIG_DFL};
        sigaction(crashes[index], NULL, &found);
        if (found.sa_handler != SIG_IGN) sigaction(crashes[index], &standard, NULL);
    }
}

int vv_forbid_dumps(void) {
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return errno;
    forbid_backtraces();
    return 0;
}
