// The load peer: a Live service that speaks for ever and listens to nothing, for many sessions at once.
//
//     peer --port N [--cert FILE --key FILE] [--phases N]
//
// Answers any WebSocket upgrade. The first message of a session is taken for its setup and answered with
// `setupComplete`; from then on the session gets 40 ms of speech every 40 ms in a binary frame, whose first eight bytes
// of PCM are CLOCK_MONOTONIC in nanoseconds at the moment of writing. Sessions are spread over N phases of those 40 ms,
// as independent services would be. What comes up is counted and dropped.
//
// Prints one JSON line when it listens, and one a session when its setup comes and when it ends.
#include "common.h"

#include <libwebsockets.h>
#include <pthread.h>
#include <signal.h>

static const char message_start[] =
    "{\n  \"serverContent\": {\n    \"modelTurn\": {\n      \"parts\": [\n        {\n          \"inlineData\": {\n"
    "            \"mimeType\": \"audio/pcm;rate=24000\",\n            \"data\": \"";
static const char message_end[] = "\"\n          }\n        }\n      ]\n    }\n  }\n}\n";
static const char setup_complete[] = "{\n  \"setupComplete\": {}\n}\n";

struct session {
    struct lws *wsi;
    struct session *next;
    int number, phase, is_live, is_due;
    long messages_up, bytes_up;
    int64_t opened;
};

static struct lws_context *context;
static struct session *sessions;
static int session_count, phase_count = 8;
static volatile long ticks;
static volatile sig_atomic_t is_stopping;

static uint8_t frame[LWS_PRE + sizeof message_start + SPEECH_BYTES * 4 / 3 + sizeof message_end];
static size_t frame_size;

/// A frame whose speech is noise, the same in each but for its first twelve bytes.
static void make_frame(void) {
    uint8_t speech[SPEECH_BYTES];
    uint32_t random = 1;
    for (size_t i = 0; i < SPEECH_BYTES; i++) speech[i] = (uint8_t)((random = random * 1664525 + 1013904223) >> 24);
    char *p = (char *)frame + LWS_PRE;
    memcpy(p, message_start, sizeof message_start - 1);
    p += sizeof message_start - 1;
    p += encode_base64(speech, SPEECH_BYTES, p);
    memcpy(p, message_end, sizeof message_end - 1);
    frame_size = (size_t)(p - (char *)frame) - LWS_PRE + sizeof message_end - 1;
}

static int send_speech(struct lws *wsi) {
    int64_t stamp[2] = {now_ns(), 0};
    encode_base64((uint8_t *)stamp, 12, (char *)frame + LWS_PRE + sizeof message_start - 1);
    return lws_write(wsi, frame + LWS_PRE, frame_size, LWS_WRITE_BINARY) < 0 ? -1 : 0;
}

static void tick(void) {
    static long seen;
    for (; seen < ticks; seen++) {
        for (struct session *s = sessions; s; s = s->next) {
            if (s->is_live != 2 || s->phase != seen % phase_count) continue;
            if (lws_send_pipe_choked(s->wsi)) {
                s->is_due = 1;
                lws_callback_on_writable(s->wsi);
            } else if (send_speech(s->wsi)) {
                lws_set_timeout(s->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
            }
        }
    }
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t count) {
    struct session *s = user;
    switch (reason) {
    case LWS_CALLBACK_EVENT_WAIT_CANCELLED: tick(); break;
    case LWS_CALLBACK_ESTABLISHED:
        memset(s, 0, sizeof *s);
        s->wsi = wsi;
        s->number = session_count++;
        s->phase = s->number % phase_count;
        s->next = sessions;
        sessions = s;
        break;
    case LWS_CALLBACK_RECEIVE:
        s->bytes_up += (long)count;
        if (!lws_is_final_fragment(wsi)) break;
        s->messages_up++;
        if (!s->is_live) {
            s->is_live = 1;
            s->opened = now_ns();
            printf("{\"event\":\"setup\",\"session\":%d,\"at_ns\":%lld}\n", s->number, (long long)s->opened);
            fflush(stdout);
            lws_callback_on_writable(wsi);
        }
        break;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        if (s->is_live == 1) {
            uint8_t reply[LWS_PRE + sizeof setup_complete];
            memcpy(reply + LWS_PRE, setup_complete, sizeof setup_complete);
            s->is_live = 2;
            if (lws_write(wsi, reply + LWS_PRE, sizeof setup_complete - 1, LWS_WRITE_BINARY) < 0) return -1;
        } else if (s->is_due) {
            s->is_due = 0;
            return send_speech(wsi);
        }
        break;
    case LWS_CALLBACK_CLOSED:
        for (struct session **p = &sessions; *p; p = &(*p)->next)
            if (*p == s) {
                *p = s->next;
                break;
            }
        printf("{\"event\":\"ended\",\"session\":%d,\"messages_up\":%ld,\"bytes_up\":%ld,\"seconds\":%.3f}\n", s->number,
               s->messages_up, s->bytes_up, s->opened ? (double)(now_ns() - s->opened) / 1e9 : 0.0);
        fflush(stdout);
        break;
    default: break;
    }
    return 0;
}

/// Ticks from a thread of its own: a timer of a few milliseconds in the loop makes libwebsockets spin.
static void *run_ticker(void *unused) {
    int64_t step = 40000000 / phase_count, next = now_ns() + step;
    while (!is_stopping) {
        sleep_until_next(&next, step);
        ticks++;
        lws_cancel_service(context);
    }
    return unused;
}

static void stop(int signal) {
    (void)signal;
    is_stopping = 1;
    lws_cancel_service(context);
}

int main(int argc, char **argv) {
    static const struct lws_protocols protocols[] = {
        {.name = "live", .callback = on_event, .per_session_data_size = sizeof(struct session), .rx_buffer_size = 16384},
        {0},
    };
    struct lws_context_creation_info info = {.protocols = protocols, .gid = (gid_t)-1, .uid = (uid_t)-1};
    pthread_t ticker;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "--port")) info.port = atoi(argv[i + 1]);
        if (!strcmp(argv[i], "--cert")) info.ssl_cert_filepath = argv[i + 1];
        if (!strcmp(argv[i], "--key")) info.ssl_private_key_filepath = argv[i + 1];
        if (!strcmp(argv[i], "--phases")) phase_count = atoi(argv[i + 1]);
    }
    if (!info.port || phase_count < 1) return fprintf(stderr, "usage: peer --port N [--cert F --key F] [--phases N]\n"), 64;
    if (info.ssl_cert_filepath) info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    lws_set_log_level(LLL_ERR, NULL);
    make_frame();
    if (!(context = lws_create_context(&info))) return 69;
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    pthread_create(&ticker, NULL, run_ticker, NULL);
    printf("{\"event\":\"listening\",\"port\":%d}\n", info.port);
    fflush(stdout);
    while (!is_stopping && lws_service(context, 0) >= 0) {}
    pthread_join(ticker, NULL);
    lws_context_destroy(context);
    return 0;
}
