/* https.c - see https.h. */
#include "server/https.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/time.h"
#include "crypt/certificate.h"
#include "crypt/seal.h"
#include "os/file.h"

#define PEM_MAX (1 * MiB)

struct pem {
    struct buf chain, key;
    struct certificate_facts facts;
};
#define PEM_INIT                                             \
    {                                                        \
        .chain = BUF_INIT(PEM_MAX), .key = BUF_INIT(PEM_MAX) \
    }

static void pem_done(struct pem *p)
{
    buf_done(&p->chain);
    buf_wipe(&p->key);
}

static struct str text(const struct buf *b) { return (struct str){buf_str(b), b->n}; }

bool https_has_files(const struct options *o) { return o->https_certificate[0] != '\0'; }

static int check_pair(struct pem *p, struct error *e)
{
    CLEANUP(certificate_freep) struct certificate *c = NULL;

    if (certificate_read_pem(text(&p->chain), text(&p->key), &c, e) < 0) return -1;
    certificate_describe(c, &p->facts);
    return 0;
}

/* ---- the files ---- */

static int read_files(const struct options *o, struct pem *p, struct error *e)
{
    if (file_read(o->https_certificate, &p->chain, e) < 0) return fail_wrap(e, "https-certificate");
    if (file_read(o->https_key, &p->key, e) < 0) return fail_wrap(e, "https-key");
    if (check_pair(p, e) < 0)
        return fail_wrap(e, "https-certificate %s with https-key %s", o->https_certificate,
                         o->https_key);
    return 0;
}

static void tell(const struct options *o, const struct pem *p)
{
    char until[TIME_TEXT_SIZE];

    time_iso(p->facts.not_after, until);
    if (p->facts.not_after < clock_now(&system_clock))
        log_warn("https", "the certificate %s of %s has expired: it was valid until %s",
                 o->https_certificate, p->facts.subject, until);
    else
        log_info("https", "the certificate %s of %s is valid until %s", o->https_certificate,
                 p->facts.subject, until);
}

int https_check(const struct options *o, struct error *e)
{
    CLEANUP(pem_done) struct pem p = PEM_INIT;

    return https_has_files(o) ? read_files(o, &p, e) : 0;
}

int https_reload(const struct options *o, struct http_tls *tls, struct error *e)
{
    CLEANUP(pem_done) struct pem p = PEM_INIT;

    if (!https_has_files(o)) return 0;
    if (read_files(o, &p, e) < 0 || http_tls_replace(tls, text(&p.chain), text(&p.key), e) < 0)
        return -1;
    tell(o, &p);
    return 0;
}

/* ---- one of our own ---- */

/* The name by which people come: that of the public URL, or the machine's. */
static const char *host_of(const struct options *o, struct arena *a)
{
    char host[256] = "localhost";
    const char *p = strstr(o->public_url, "://");

    if (p == NULL) {
        gethostname(host, sizeof(host) - 1);
        return arena_strdup(a, host);
    }
    p += 3;
    if (*p == '[') return arena_strndup(a, p + 1, strcspn(p + 1, "]"));
    return arena_strndup(a, p, strcspn(p, ":/"));
}

/* The file: the host, then the chain and the key sealed together. */
static int read_own(const char *path, const char *host, const struct secret_key *key, struct pem *p,
                    struct error *e)
{
    CLEANUP(buf_done) struct buf file = BUF_INIT(PEM_MAX);
    CLEANUP(buf_wipe) struct buf plain = BUF_INIT(PEM_MAX);
    struct str rest, first;

    if (file_read(path, &file, e) < 0) return -1;
    rest = text(&file);
    if (!str_cut(&rest, '\n', &first) || !str_eq(first, host))
        return fail(e, ERR_INVALID, "%s is for another host", path);
    if (seal_open(key, rest.p, &plain, e) < 0) return fail_wrap(e, "%s", path);
    buf_add(&p->chain, buf_str(&plain), plain.n);
    buf_add(&p->key, buf_str(&plain), plain.n);
    return check_pair(p, e);
}

static int make_own(const char *path, const char *host, const struct secret_key *key, struct pem *p,
                    struct error *e)
{
    CLEANUP(certificate_freep) struct certificate *c = NULL;
    CLEANUP(buf_wipe) struct buf both = BUF_INIT(PEM_MAX);
    CLEANUP(buf_done) struct buf file = BUF_INIT(PEM_MAX);

    if (certificate_new(host, host, clock_now(&system_clock), &c, e) < 0) return -1;
    certificate_write_pem(c, &p->chain);
    certificate_write_key(c, &p->key);
    buf_add(&both, p->chain.p, p->chain.n);
    buf_add(&both, p->key.p, p->key.n);
    CLEANUP(freep) char *sealed = seal_text(key, both.p, both.n);
    buf_addf(&file, "%s\n%s", host, sealed);
    if (file_replace(path, 0600, file.p, file.n, e) < 0) return -1;
    certificate_describe(c, &p->facts);
    return 0;
}

static int open_own(const struct options *o, const struct secret_key *key, struct pem *p,
                    struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    const char *path = arena_fmt(&a, "%s/https-self-signed", o->data_dir), *host = host_of(o, &a);
    struct error why = {0};

    if (read_own(path, host, key, p, &why) < 0) {
        if (why.sys != ENOENT) log_info("https", "a new certificate is made: %s", why.text);
        buf_clear(&p->chain);
        buf_clear(&p->key);
        if (make_own(path, host, key, p, e) < 0) return -1;
    }
    log_warn("https",
             "no --https-certificate is given: the certificate for %s is signed by itself, so that "
             "browsers warn; its SHA-256 is %s",
             host, p->facts.sha256);
    return 0;
}

int https_open(const struct options *o, const struct secret_key *key, struct http_tls **ret,
               struct error *e)
{
    CLEANUP(pem_done) struct pem p = PEM_INIT;

    int r = https_has_files(o) ? read_files(o, &p, e) : open_own(o, key, &p, e);
    if (r < 0 || http_tls_new(text(&p.chain), text(&p.key), ret, e) < 0) return -1;
    if (https_has_files(o)) tell(o, &p);
    return 0;
}
