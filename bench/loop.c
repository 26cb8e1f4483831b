// The bare C client: what libwebsockets costs when nothing else is done. Base64s 20 ms packets up, finds and decodes the
// speech that comes down, counts, and measures how long it was on its way.
//
//     loop --port N [--tls CAFILE] [--sessions N] [--seconds N]
//
// Prints one JSON line. CPU is the process's, over the measured seconds; the second before them is not counted.
#define _GNU_SOURCE
#include "common.h"

#include <libwebsockets.h>
#include <pthread.h>

static const char message_start[] = "{\"realtimeInput\":{\"audio\":{\"data\":\"";
static const char message_end[] = "\",\"mimeType\":\"audio/pcm;rate=16000\"}}}";
static const char setup[] = "{\"setup\":{\"model\":\"models/bench\",\"generationConfig\":{\"responseModalities\":[\"AUDIO\"]}}}";
static const char path[] = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";

struct session {
    struct lws *wsi;
    int is_open, is_live;
};

static struct lws_context *context;
static struct session *sessions;
static int session_count = 1, live_count;
static volatile int is_measuring, is_stopping;
static long messages_up, messages_down;
static uint8_t voice[VOICE_BYTES];
static int64_t *latencies;
static size_t latency_count, latency_room;

static int send_voice(struct lws *wsi) {
    static uint8_t frame[LWS_PRE + sizeof message_start + VOICE_BYTES * 4 / 3 + 4 + sizeof message_end];
    char *start = (char *)frame + LWS_PRE, *p = start;
    memcpy(p, message_start, sizeof message_start - 1);
    p += sizeof message_start - 1;
    p += encode_base64(voice, VOICE_BYTES, p);
    memcpy(p, message_end, sizeof message_end - 1);
    p += sizeof message_end - 1;
    if (is_measuring) messages_up++;
    return lws_write(wsi, frame + LWS_PRE, (size_t)(p - start), LWS_WRITE_TEXT) < 0 ? -1 : 0;
}

static void take(const char *message, size_t count) {
    static const char key[] = "\"data\": \"";
    uint8_t speech[SPEECH_BYTES + 3];
    const char *data = memmem(message, count, key, sizeof key - 1);
    int64_t sent;
    if (!data || decode_base64(data + sizeof key - 1, message + count, speech) != SPEECH_BYTES) return;
    memcpy(&sent, speech, sizeof sent);
    if (!is_measuring) return;
    messages_down++;
    if (latency_count < latency_room) latencies[latency_count++] = now_ns() - sent;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t count) {
    struct session *s = user;
    switch (reason) {
    case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
        for (int i = 0; i < session_count; i++)
            if (sessions[i].is_live) lws_callback_on_writable(sessions[i].wsi);
        break;
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        s->is_open = 1;
        lws_callback_on_writable(wsi);
        break;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        if (s->is_live) return send_voice(wsi);
        if (s->is_open == 1) {
            uint8_t frame[LWS_PRE + sizeof setup];
            memcpy(frame + LWS_PRE, setup, sizeof setup);
            s->is_open = 2;
            return lws_write(wsi, frame + LWS_PRE, sizeof setup - 1, LWS_WRITE_TEXT) < 0 ? -1 : 0;
        }
        break;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        if (s->is_live) {
            take(in, count);
        } else {
            s->is_live = 1;
            live_count++;
        }
        break;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        fprintf(stderr, "loop: %.*s\n", (int)count, in ? (char *)in : "");
        exit(69);
    case LWS_CALLBACK_CLIENT_CLOSED:
        if (!is_stopping) exit(75);
        break;
    default: break;
    }
    return 0;
}

/// Stands for the capture thread: wakes the loop once every 20 ms, for all sessions.
static void *run_ticker(void *unused) {
    int64_t next = now_ns() + 20000000;
    while (!is_stopping) {
        sleep_until_next(&next, 20000000);
        lws_cancel_service(context);
    }
    return unused;
}

int main(int argc, char **argv) {
    static const struct lws_protocols protocols[] = {{.name = "loop", .callback = on_event, .rx_buffer_size = 65536}, {0}};
    static const lws_retry_bo_t no_pings = {0};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN, .protocols = protocols, .gid = (gid_t)-1, .uid = (uid_t)-1,
        .fd_limit_per_thread = 256, .max_http_header_pool = 128,
    };
    struct lws_client_connect_info to = {.address = "127.0.0.1", .host = "localhost", .path = path, .local_protocol_name = "loop"};
    int seconds = 10, state = 0;
    pthread_t ticker;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "--port")) to.port = atoi(argv[i + 1]);
        if (!strcmp(argv[i], "--tls")) info.client_ssl_ca_filepath = argv[i + 1];
        if (!strcmp(argv[i], "--sessions")) session_count = atoi(argv[i + 1]);
        if (!strcmp(argv[i], "--seconds")) seconds = atoi(argv[i + 1]);
    }
    if (info.client_ssl_ca_filepath) {
        info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS;
        to.ssl_connection = LCCSCF_USE_SSL;
        to.alpn = "http/1.1";
    }
    lws_set_log_level(LLL_ERR, NULL);
    for (size_t i = 0; i < sizeof voice; i++) voice[i] = (uint8_t)(i * 37);
    sessions = calloc((size_t)session_count, sizeof *sessions);
    latency_room = (size_t)(session_count * (seconds + 2) * 30);
    latencies = calloc(latency_room, sizeof *latencies);
    if (!(to.context = context = lws_create_context(&info))) return 69;
    to.retry_and_idle_policy = &no_pings;
    for (int i = 0; i < session_count; i++) {
        to.userdata = &sessions[i];
        to.pwsi = &sessions[i].wsi;
        if (!lws_client_connect_via_info(&to)) return 69;
    }
    pthread_create(&ticker, NULL, run_ticker, NULL);

    int64_t mark = 0;
    double cpu = 0;
    while (lws_service(context, 0) >= 0) {
        int64_t now = now_ns();
        if (state == 0 && live_count == session_count) state = 1, mark = now + 1000000000;
        if (state == 1 && now >= mark) state = 2, mark = now, cpu = cpu_seconds(), is_measuring = 1;
        if (state == 2 && now >= mark + seconds * 1000000000LL) {
            is_measuring = 0;
            double length = (double)(now - mark) / 1e9, per = length * session_count;
            printf("{\"client\":\"c-loop\",\"sessions\":%d,\"seconds\":%.2f,\"cpu_ms\":%.3f,\"peak_mb\":%.1f,"
                   "\"p50_us\":%.0f,\"p99_us\":%.0f,\"up_per_s\":%.1f,\"down_per_s\":%.1f}\n",
                   session_count, length, (cpu_seconds() - cpu) * 1000 / per, peak_megabytes(),
                   percentile(latencies, latency_count, 0.5), percentile(latencies, latency_count, 0.99),
                   (double)messages_up / per, (double)messages_down / per);
            break;
        }
    }
    is_stopping = 1;
    pthread_join(ticker, NULL);
    return 0;
}
