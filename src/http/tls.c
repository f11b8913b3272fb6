/* tls.c - see tls.h. The HTTP library speaks TLS by GnuTLS, so this file does too.
 *
 * The library asks for the certificate at each handshake. What it was given must live as long as
 * that handshake, whose end nobody is told: so certificates that were replaced are kept until the
 * listeners have stopped. They are few, one per replacement. */
#include "http/tls.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdlib.h>

#include "http/exchange.h"

#define CHAIN_MAX 16

struct pair {
    struct pair *older;
    gnutls_pcert_st chain[CHAIN_MAX];
    unsigned n;
    gnutls_privkey_t key;
};
struct http_tls {
    pthread_mutex_t lock;
    struct pair *newest; /* guarded by lock; what it points to does not change */
};

/* TLS 1.2: ECDHE with AES-GCM or ChaCha20; 1.3: the same ciphers. */
const char http_tls_priorities[] =
    "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+ECDHE-ECDSA:+ECDHE-RSA:+AES-128-GCM:+AES-256-GCM:"
    "+CHACHA20-POLY1305:+AEAD:+COMP-NULL:+CTYPE-X509:+GROUP-X25519:+GROUP-SECP256R1:"
    "+GROUP-SECP384R1:+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-PSS-RSAE-SHA384:"
    "+SIGN-RSA-PSS-RSAE-SHA512:+SIGN-RSA-SHA256:+SIGN-RSA-SHA384:+SIGN-RSA-SHA512:"
    "+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-ECDSA-SECP384R1-SHA384:+SIGN-ECDSA-SHA256:"
    "+SIGN-ECDSA-SHA384:%SERVER_PRECEDENCE";

static void pair_free(struct pair *p)
{
    if (p == NULL) return;
    for (unsigned i = 0; i < p->n; i++) gnutls_pcert_deinit(&p->chain[i]);
    if (p->key) gnutls_privkey_deinit(p->key);
    free(p);
}

static void pair_freep(struct pair **p) { pair_free(*p); }

static gnutls_datum_t datum(struct str s)
{
    return (gnutls_datum_t){(unsigned char *)(uintptr_t)s.p, (unsigned)s.n};
}

static int pair_read(struct str chain_text, struct str key_text, struct pair **ret, struct error *e)
{
    CLEANUP(pair_freep) struct pair *p = xcalloc(1, sizeof(*p));
    gnutls_datum_t chain = datum(chain_text), key = datum(key_text);
    unsigned n = CHAIN_MAX;

    int rc = gnutls_pcert_list_import_x509_raw(p->chain, &n, &chain, GNUTLS_X509_FMT_PEM, 0);
    if (rc < 0)
        return fail(e, ERR_INVALID, "the certificates (at most %d): %s", CHAIN_MAX,
                    gnutls_strerror(rc));
    p->n = n;
    rc = gnutls_privkey_init(&p->key);
    if (rc == 0) rc = gnutls_privkey_import_x509_raw(p->key, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (rc < 0) return fail(e, ERR_INVALID, "the private key: %s", gnutls_strerror(rc));
    *ret = TAKE(p);
    return 0;
}

int http_tls_new(struct str chain, struct str key, struct http_tls **ret, struct error *e)
{
    struct http_tls *t = xcalloc(1, sizeof(*t));

    pthread_mutex_init(&t->lock, NULL);
    if (http_tls_replace(t, chain, key, e) < 0) {
        http_tls_free(t);
        return -1;
    }
    *ret = t;
    return 0;
}

int http_tls_replace(struct http_tls *t, struct str chain, struct str key, struct error *e)
{
    struct pair *p = NULL;

    if (pair_read(chain, key, &p, e) < 0) return -1;
    pthread_mutex_lock(&t->lock);
    p->older = t->newest;
    t->newest = p;
    pthread_mutex_unlock(&t->lock);
    return 0;
}

void http_tls_free(struct http_tls *t)
{
    if (t == NULL) return;
    for (struct pair *p = t->newest, *older; p; p = older) {
        older = p->older;
        pair_free(p);
    }
    pthread_mutex_destroy(&t->lock);
    free(t);
}

int http_tls_certificate(gnutls_session_t session, const gnutls_datum_t *issuers, int n_issuers,
                         const gnutls_pk_algorithm_t *algorithms, int n_algorithms,
                         gnutls_pcert_st **ret, unsigned *ret_n, gnutls_privkey_t *ret_key)
{
    /* the library notes its connection in the session */
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        gnutls_session_get_ptr(session), MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct open_socket *socket = info->socket_context;
    struct http_tls *t = socket->server->opt.tls;

    pthread_mutex_lock(&t->lock);
    struct pair *p = t->newest;
    pthread_mutex_unlock(&t->lock);
    *ret = p->chain;
    *ret_n = p->n;
    *ret_key = p->key;
    return 0;
}
