// What Swift cannot import of libwebsockets, OpenSSL and the platform: macros, variadics, and two socket options.
// Made for libwebsockets 4.1.6 with OpenSSL, as Debian 12 has it.
#pragma once

#include <dirent.h>
#include <errno.h>
#include <libwebsockets.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/// Bytes that `lws_write` needs in front of a payload.
static const int vv_lws_pre = LWS_PRE;

/// Context and virtual host options: virtual hosts are made by hand.
static const uint64_t vv_plain_options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS;

/// The same with OpenSSL set up.
static const uint64_t vv_tls_options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;

/// A context that listens on nothing.
static const int vv_no_listen = CONTEXT_PORT_NO_LISTEN;

/// `lws_set_timeout` with this ends a connection on the next turn of the loop, without a close frame.
static const int vv_kill_soon = LWS_TO_KILL_ASYNC;

/// Names the calling thread, at most 15 bytes.
static inline void vv_name_thread(const char *name) { (void)prctl(PR_SET_NAME, name); }

/// A non-blocking counter that a thread can be woken with; -1 with errno on failure.
static inline int vv_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

/// Keeps at most `bytes` unsent in the kernel, so that what waits, waits where it can still be dropped.
static inline void vv_limit_unsent(int fd, int bytes) {
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof bytes);
}

/// Whether the peer has ended its side of the stream, or reset it. Takes nothing out of the socket.
static inline bool vv_peer_has_gone(struct lws *wsi) {
    SSL *ssl = lws_get_ssl(wsi);
    if (ssl && (SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN)) return true;
    char byte;
    ssize_t n = recv(lws_get_socket_fd(wsi), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

/// Whether the connection was reset: both directions are gone, and no FIN came.
static inline bool vv_was_reset(struct lws *wsi) {
    struct tcp_info info;
    socklen_t size = sizeof info;
    if (getsockopt(lws_get_socket_fd(wsi), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
    return info.tcpi_state == TCP_CLOSE;
}

/// Whether a TLS handshake has been begun on the connection.
static inline bool vv_has_tls(struct lws *wsi) { return lws_get_ssl(wsi) != NULL; }

/// Waits until the socket can be read or is over. Returns false when `milliseconds` passed first.
static inline bool vv_wait_readable(struct lws *wsi, int milliseconds) {
    struct pollfd one = {.fd = lws_get_socket_fd(wsi), .events = POLLIN};
    return poll(&one, 1, milliseconds) > 0;
}

/// The error of a certificate chain under verification, and where in the chain (0 is the server's own).
static inline int vv_verify_error(void *x509_ctx) { return X509_STORE_CTX_get_error((X509_STORE_CTX *)x509_ctx); }

/// What a verification error means, in OpenSSL's words.
static inline const char *vv_verify_text(int error) { return X509_verify_cert_error_string(error); }

/// Accepts the server's own certificate if it names the address and nothing but the name check failed: libwebsockets
/// cuts host names at the first colon, so it cannot check an IPv6 address itself.
static inline bool vv_accept_if_address_matches(void *x509_ctx, const char *address) {
    X509_STORE_CTX *ctx = (X509_STORE_CTX *)x509_ctx;
    int error = X509_STORE_CTX_get_error(ctx);
    if (error != X509_V_ERR_HOSTNAME_MISMATCH && error != X509_V_ERR_IP_ADDRESS_MISMATCH) return false;
    X509 *certificate = X509_STORE_CTX_get0_cert(ctx);
    if (!certificate || X509_check_ip_asc(certificate, address, 0) != 1) return false;
    X509_STORE_CTX_set_error(ctx, X509_V_OK);
    return true;
}

/// Certificates in a PEM file: -1 when it cannot be read, 0 when it holds none.
static inline int vv_count_certificates(const char *path) {
    BIO *file = BIO_new_file(path, "r");
    int count = 0;
    if (!file) {
        ERR_clear_error();
        return -1;
    }
    for (X509 *one; (one = PEM_read_bio_X509(file, NULL, NULL, NULL)); count++) X509_free(one);
    BIO_free(file);
    ERR_clear_error();
    return count;
}

/// Whether the folder is one that OpenSSL can look certificates up in by the hash of their subject.
static inline bool vv_holds_hashes(const char *folder) {
    DIR *listing = opendir(folder);
    bool found = false;
    if (!listing) return false;
    for (struct dirent *entry; !found && (entry = readdir(listing));) {
        size_t length = strlen(entry->d_name);
        found = length == 10 && strcmp(entry->d_name + 8, ".0") == 0;
    }
    closedir(listing);
    return found;
}

/// Keeps the newest fatal alert beside the trust store: libwebsockets drops OpenSSL's reasons.
static inline void vv_note_alert(const SSL *ssl, int where, int alert) {
    if ((where & SSL_CB_ALERT) && alert >> 8 == SSL3_AL_FATAL)
        SSL_CTX_set_app_data(SSL_get_SSL_CTX(ssl), (void *)(intptr_t)((where & SSL_CB_READ) | (alert & 0xff)));
}

/// What TLS connections share: TLS 1.2 or newer, and whom to trust. The system's authorities are looked up one by one as
/// they are needed: to read them all costs 30 ms and 2 MB. NULL when out of memory.
static inline SSL_CTX *vv_make_trust_store(const char *ca_file) {
    SSL_CTX *store = SSL_CTX_new(TLS_client_method());
    if (!store) return NULL;
    const char *folder = getenv(X509_get_default_cert_dir_env());
    if (getenv(X509_get_default_cert_file_env())) {
        SSL_CTX_set_default_verify_paths(store);
    } else {
        SSL_CTX_set_default_verify_dir(store);
        if (!vv_holds_hashes(folder ? folder : X509_get_default_cert_dir())) SSL_CTX_set_default_verify_file(store);
    }
    if (ca_file) SSL_CTX_load_verify_file(store, ca_file);
    SSL_CTX_set_min_proto_version(store, TLS1_2_VERSION);
    SSL_CTX_set_options(store, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    // Not SSL_MODE_RELEASE_BUFFERS: voice and speech flow all the time, and would have them made anew for each record.
    SSL_CTX_set_mode(store, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_info_callback(store, vv_note_alert);
    ERR_clear_error();
    return store;
}

/// The newest fatal alert in words, or NULL, and whether the peer sent it. Forgotten afterwards.
static inline const char *vv_take_alert(SSL_CTX *store, bool *is_theirs) {
    int noted = (int)(intptr_t)SSL_CTX_get_app_data(store);
    SSL_CTX_set_app_data(store, NULL);
    *is_theirs = (noted & SSL_CB_READ) != 0;
    return noted ? SSL_alert_desc_string_long(noted & 0xff) : NULL;
}
