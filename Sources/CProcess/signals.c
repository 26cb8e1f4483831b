#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

// Dispatch's own signal sources read a signalfd, which a signal reaches only while every thread blocks it; threads that
// libraries start do not. A handler that writes to a pipe works whoever gets the signal.
enum { most = 8 };
static int ends[2] = {-1, -1};
static int taken[most];
static struct sigaction previous[most];
static int taken_count = 0;

static void note(int number) {
    int saved_error = errno;
    unsigned char byte = (unsigned char)number;
    ssize_t ignored = write(ends[1], &byte, 1); // a full pipe says enough already
    (void)ignored;
    errno = saved_error;
}

int vv_signals_take(const int *numbers, int count) {
    if (taken_count != 0 || count > most) return -EBUSY;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return -errno;
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    for (int index = 0; index < count; index++) {
        taken[index] = numbers[index];
        sigaction(numbers[index], &action, &previous[index]);
    }
    taken_count = count;
    return ends[0];
}

void vv_signals_give_back(void) {
    for (int index = 0; index < taken_count; index++) sigaction(taken[index], &previous[index], NULL);
    if (taken_count > 0) close(ends[1]);
    taken_count = 0;
}
