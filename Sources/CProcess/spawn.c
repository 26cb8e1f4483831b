#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

// Between fork and exec only async-signal-safe calls are allowed: other threads of the parent may have held locks.
static void run_child(const char *path, char *const arguments[], char *const environment[], int standard_input,
                      int standard_output, int standard_error, pid_t parent, int report) {
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);

    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) goto failed;
    if (getppid() != parent) _exit(127); // the parent ended before the line above took effect
    setpgid(0, 0);

    int input = standard_input >= 0 ? standard_input : open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (input < 0 || dup2(input, 0) < 0 || dup2(standard_output, 1) < 0 || dup2(standard_error, 2) < 0) goto failed;
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    execve(path, arguments, environment);

failed:;
    int error = errno;
    ssize_t ignored = write(report, &error, sizeof error);
    (void)ignored;
    _exit(127);
}

pid_t vv_spawn(const char *path, char *const arguments[], char *const environment[], int standard_input,
               int standard_output, int standard_error) {
    int report[2]; // closed by a successful exec; carries errno otherwise
    if (pipe2(report, O_CLOEXEC) != 0) return -errno;

    sigset_t all, before; // no handler of ours may run in the child
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) {
        run_child(path, arguments, environment, standard_input, standard_output, standard_error, parent, report[1]);
    }
    int error = child < 0 ? errno : 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(report[1]);

    if (child > 0) {
        ssize_t count;
        do count = read(report[0], &error, sizeof error);
        while (count < 0 && errno == EINTR);
        if (count == sizeof error) {
            while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
            }
        } else {
            error = 0;
        }
    }
    close(report[0]);
    return error != 0 ? -error : child;
}

int vv_child_pipes(int ours[3], int theirs[3], int input_size) {
    for (int number = 0; number < 3; number++) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) {
            int error = errno;
            while (number-- > 0) {
                close(ours[number]);
                close(theirs[number]);
            }
            return -error;
        }
        ours[number] = ends[number == 0 ? 1 : 0];
        theirs[number] = ends[number == 0 ? 0 : 1];
        fcntl(ours[number], F_SETFL, O_NONBLOCK);
    }
    fcntl(ours[0], F_SETPIPE_SZ, input_size); // a pipe that stays larger is only later to say that it is full
    return 0;
}
