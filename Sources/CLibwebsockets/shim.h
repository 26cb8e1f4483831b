// What Swift cannot import of libwebsockets, OpenSSL and the platform: macros, variadics, and two socket options.
// Made for libwebsockets 4.1.6 with OpenSSL, as Debian 12 has it.
#pragma once

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
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/// Bytes that `lws_write` needs in front of a payload.
static const int vv_lws_pre = LWS_PRE;

/// Context options: OpenSSL set up here, virtual hosts made by hand.
static const uint64_t vv_context_options =
    LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_EXPLICIT_VHOSTS;

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

/// The reason of OpenSSL's newest error on this thread, or NULL. The queue is left empty.
static inline const char *vv_take_tls_error(void) {
    unsigned long newest = ERR_peek_last_error();
    ERR_clear_error();
    return newest ? ERR_reason_error_string(newest) : NULL;
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
