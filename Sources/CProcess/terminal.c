#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

// One terminal at a time. `entered` is written last and cleared first, so that a handler sees all or nothing.
static volatile sig_atomic_t entered = 0;
static int terminal_descriptor = -1;
static struct termios found, wanted;
static int shows_keys = 0;
static volatile sig_atomic_t reports_releases = 0;

// Asks a terminal with the kitty keyboard protocol to tell when keys go up, as EnhancedKey reads it, and takes that back.
static const char ask_for_releases[] = "\033[>27u\033[?u", ask_no_more[] = "\033[<u";

static void put(const char *text, size_t length) {
    ssize_t ignored = write(terminal_descriptor, text, length);
    (void)ignored;
}

// Signals after which the terminal must be as it was. The first three only where nobody else handles them.
static const int endings[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGABRT, SIGBUS,
                              SIGFPE,  SIGILL,  SIGSEGV, SIGTRAP, SIGSYS};
enum { ending_count = sizeof endings / sizeof endings[0], asked_count = 3 };
static struct sigaction previous[ending_count];

int vv_terminal_is_ours(int terminal) { return tcgetpgrp(terminal) == getpgrp(); }

static void restore(void) {
    int saved_error = errno;
    if (vv_terminal_is_ours(terminal_descriptor)) {
        tcsetattr(terminal_descriptor, TCSANOW, &found);
        if (reports_releases) put(ask_no_more, sizeof ask_no_more - 1);
        if (shows_keys) {
            static const char show_cursor[] = "\033[?25h";
            put(show_cursor, sizeof show_cursor - 1);
        }
    }
    errno = saved_error;
}

void vv_terminal_leave(void) {
    if (!entered) return;
    entered = 0;
    restore();
    reports_releases = 0;
}

void vv_terminal_report_releases(int wanted_now) {
    if (!entered || (reports_releases != 0) == (wanted_now != 0)) return;
    if (!vv_terminal_is_ours(terminal_descriptor)) return;
    reports_releases = wanted_now;
    if (wanted_now) put(ask_for_releases, sizeof ask_for_releases - 1);
    else put(ask_no_more, sizeof ask_no_more - 1);
}

// Restores, then lets the signal do what it would have done: the handler before ours, or the end of the process.
static void end(int number) {
    if (entered && shows_keys) { // what comes next, such as a shell's prompt, begins on a row of its own
        put("\r\n", 2);
    }
    vv_terminal_leave();
    for (int index = 0; index < ending_count; index++) {
        if (endings[index] == number) sigaction(number, &previous[index], NULL);
    }
    raise(number);
}

// Ctrl-Z: the shell gets its terminal as it was. `resume` takes it again.
static void stop(int number) {
    if (entered) restore();
    struct sigaction standard = {.sa_handler = SIG_DFL}, ours;
    sigaction(number, &standard, &ours);
    raise(number);
    sigaction(number, &ours, NULL);
}

static void resume(int number) {
    (void)number;
    int saved_error = errno;
    if (entered && vv_terminal_is_ours(terminal_descriptor)) {
        tcsetattr(terminal_descriptor, TCSANOW, &wanted);
        if (reports_releases) put(ask_for_releases, sizeof ask_for_releases - 1);
        kill(getpid(), SIGWINCH); // whoever draws draws anew
    }
    errno = saved_error;
}

static void install(void) {
    struct sigaction action = {.sa_handler = end, .sa_flags = SA_NODEFER};
    for (int index = 0; index < ending_count; index++) {
        sigaction(endings[index], NULL, &previous[index]);
        int is_free = previous[index].sa_handler == SIG_DFL;
        if (is_free || index >= asked_count) sigaction(endings[index], &action, NULL);
    }
    struct sigaction stopping = {.sa_handler = stop, .sa_flags = SA_NODEFER | SA_RESTART};
    sigaction(SIGTSTP, &stopping, NULL);
    struct sigaction resuming = {.sa_handler = resume, .sa_flags = SA_RESTART};
    sigaction(SIGCONT, &resuming, NULL);
    atexit(vv_terminal_leave);
}

int vv_terminal_enter(int terminal, vv_terminal_mode mode) {
    if (entered) return EBUSY;
    if (tcgetattr(terminal, &found) != 0) return errno;
    if (!vv_terminal_is_ours(terminal)) return EBUSY;
    wanted = found;
    wanted.c_lflag &= ~(tcflag_t)ECHO;
    if (mode == VV_TERMINAL_KEYS) {
        wanted.c_lflag &= ~(tcflag_t)ICANON;
        wanted.c_cc[VMIN] = 1;
        wanted.c_cc[VTIME] = 0;
    }
    static int is_installed = 0;
    if (!is_installed) {
        install();
        is_installed = 1;
    }
    terminal_descriptor = terminal;
    shows_keys = mode == VV_TERMINAL_KEYS;
    entered = 1;
    if (tcsetattr(terminal, TCSAFLUSH, &wanted) != 0) {
        entered = 0;
        return errno;
    }
    return 0;
}

int vv_terminal_size(int terminal, int *columns, int *rows) {
    struct winsize size;
    if (ioctl(terminal, TIOCGWINSZ, &size) != 0) return errno;
    if (size.ws_col == 0 || size.ws_row == 0) return EINVAL;
    *columns = size.ws_col;
    *rows = size.ws_row;
    return 0;
}
