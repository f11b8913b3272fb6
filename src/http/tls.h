/* tls.h - the certificate of an HTTPS listener; it may be replaced while connections are open.
 *
 * TLS 1.2 and 1.3 with forward secrecy and authenticated encryption only. Any thread. */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H
#include "base/error.h"
#include "base/str.h"

struct http_tls;
/** Takes a PEM chain (the server's own certificate first) and its PEM key; that they belong
 * together was checked before. ERR_INVALID: what cannot be read. */
int http_tls_new(struct str chain, struct str key, struct http_tls **ret, struct error *e) MUST_USE;
/** Handshakes from now on show these; open connections stay. The old ones stay when it fails. */
int http_tls_replace(struct http_tls *t, struct str chain, struct str key,
                     struct error *e) MUST_USE;
/** When the servers that use it have stopped. NULL is fine. */
void http_tls_free(struct http_tls *t);
#endif
