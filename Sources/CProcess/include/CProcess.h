// What Swift cannot say itself about child processes and the terminal: fork, prctl, ioctl, and handlers that may run
// in the middle of anything. Imported by Processes, for programs that are started, by Assistant, for keys, and by the
// vivavoce executable.
#pragma once

#include <sys/types.h>

// Starts a program that dies with us: when the calling thread ends, however it ends, the child gets SIGTERM
// (PR_SET_PDEATHSIG). So call it from a thread that lives as long as the child is to live.
//
// The child has a process group of its own, so Ctrl-C in the terminal does not reach it; stdin, stdout and stderr are
// the descriptors given (a negative stdin is /dev/null), everything else is closed, and signals are as a program expects
// them.
// Returns the process id, or a negative errno, also when the program cannot be executed.
pid_t vv_spawn(const char *path, char *const arguments[], char *const environment[], int standard_input,
               int standard_output, int standard_error);

// Makes the pipes for a child's stdin, stdout and stderr, in this order: our ends do not block, and all are closed on
// exec. What waits in the first takes `input_size` bytes at most, rounded up to pages.
// Returns 0, or a negative errno.
int vv_child_pipes(int ours[3], int theirs[3], int input_size);

// From now on to its end this process leaves no core dump and no backtrace of Swift's runtime, and other processes of its user can neither trace it nor read
// its memory and its environment in /proc, which are root's then (prctl(2), PR_SET_DUMPABLE). Programs that it starts
// are as any other.
// Returns 0, or an errno.
int vv_forbid_dumps(void);

// Takes signals: from now on each arrival is one byte, its number, to be read from the descriptor returned (not
// blocking, closed on exec). Returns a negative errno when that fails. One taker at a time.
int vv_signals_take(const int *numbers, int count);

// Gives the signals back to whoever had them. The descriptor then says that it is at its end; closing it is up to you.
void vv_signals_give_back(void);

typedef enum {
    VV_TERMINAL_KEYS,   // each key at once, unseen; Ctrl-C and Ctrl-Z still work
    VV_TERMINAL_SECRET, // a line at a time, unseen
} vv_terminal_mode;

// Changes the terminal's mode and sees to it that it is changed back whatever happens: at exit, on signals that end
// the process and that nobody else handles, on a crash, and while the process is stopped by Ctrl-Z.
// Returns 0, or an errno: ENOTTY without a terminal, EBUSY when we are in its background or another mode is set.
int vv_terminal_enter(int terminal, vv_terminal_mode mode);

// Changes the mode back and shows the cursor. Does nothing when no mode is set. Async-signal-safe.
void vv_terminal_leave(void);

// Asks the terminal to tell when keys go up, too, or no more; whether it does, its answer says. Changed back like the
// mode, and asked for again when the process goes on after a stop.
void vv_terminal_report_releases(int wanted);

// Whether the terminal is ours to read now: we are in its foreground process group.
int vv_terminal_is_ours(int terminal);

// The terminal's size in characters. Returns 0, or an errno; a terminal that does not know gives EINVAL.
int vv_terminal_size(int terminal, int *columns, int *rows);
