// What the load peer and the bare client share: time, base64, percentiles. Plain C, no dependencies.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/// Bytes of speech in one message down: 40 ms of 24 kHz mono s16le. The first eight are the time it was sent.
#define SPEECH_BYTES 1920
/// Bytes of voice in one message up: 20 ms of 16 kHz mono s16le.
#define VOICE_BYTES 640

static inline int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/// Sleeps until `*next` and moves it on by `step`.
static inline void sleep_until_next(int64_t *next, int64_t step) {
    struct timespec t = {.tv_sec = *next / 1000000000LL, .tv_nsec = *next % 1000000000LL};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
    *next += step;
}

/// Encodes with padding. Returns the characters written, 4 for every 3 bytes begun.
static inline size_t encode_base64(const uint8_t *in, size_t count, char *out) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *start = out;
    for (; count >= 3; count -= 3, in += 3) {
        uint32_t w = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
        *out++ = alphabet[w >> 18];
        *out++ = alphabet[w >> 12 & 63];
        *out++ = alphabet[w >> 6 & 63];
        *out++ = alphabet[w & 63];
    }
    if (count) {
        uint32_t w = (uint32_t)in[0] << 16 | (count == 2 ? (uint32_t)in[1] << 8 : 0);
        *out++ = alphabet[w >> 18];
        *out++ = alphabet[w >> 12 & 63];
        *out++ = count == 2 ? alphabet[w >> 6 & 63] : '=';
        *out++ = '=';
    }
    return (size_t)(out - start);
}

/// Decodes up to the first character that is none of the alphabet. Returns the bytes written.
static inline size_t decode_base64(const char *in, const char *end, uint8_t *out) {
    static int8_t value[256];
    uint8_t *start = out;
    uint32_t word = 0;
    int bits = 0;
    if (!value['B']) {
        memset(value, -1, sizeof value);
        for (int i = 0; i < 26; i++) value['A' + i] = i, value['a' + i] = 26 + i;
        for (int i = 0; i < 10; i++) value['0' + i] = 52 + i;
        value['+'] = 62, value['/'] = 63;
    }
    for (; in < end && value[(uint8_t)*in] >= 0; in++) {
        word = word << 6 | (uint32_t)value[(uint8_t)*in];
        if ((bits += 6) >= 8) *out++ = (uint8_t)(word >> (bits -= 8));
    }
    return (size_t)(out - start);
}

static inline double cpu_seconds(void) {
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return use.ru_utime.tv_sec + use.ru_stime.tv_sec + (use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

/// Most memory that was ever resident. Not `ru_maxrss`: that one remembers the program that started this one.
static inline double peak_megabytes(void) {
    char line[256];
    double kilobytes = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if (!strncmp(line, "VmHWM:", 6)) kilobytes = atof(line + 6);
    if (status) fclose(status);
    return kilobytes / 1024;
}

static int compare_latencies(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/// Sorts; `part` is 0 … 1. In microseconds.
static inline double percentile(int64_t *latencies, size_t count, double part) {
    if (!count) return 0;
    qsort(latencies, count, sizeof *latencies, compare_latencies);
    return latencies[(size_t)(part * (double)(count - 1))] / 1000.0;
}
