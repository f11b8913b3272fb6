/* server_certificates.c - how the server shows itself to its agents: the certificates that count,
 * for those who set up trust. Which one is current is changed by commands of bobtail-server only:
 * a key never leaves or enters by the API. Facts: rest.md 2.6. */
#include <string.h>

#include "api/paging.h"
#include "api/resource.h"
#include "base/time.h"
#include "crypt/certificate.h"
#include "store/server_certificate.h"

#define CURRENT "certificate-global" /* clients ask for it by this name */

struct certificates {
    struct call *c;
    struct server_certificate *list;
    size_t n;
};

static int list_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct certificates *x = ctx;

    return server_certificate_list(tx, x->c->arena, &x->list, &x->n, e);
}

static const char *id_of(struct arena *a, const struct server_certificate *s)
{
    return s->is_current ? CURRENT : arena_fmt(a, "certificate-%s", s->thumbprint);
}

static int document(struct call *c, const struct server_certificate *s, json_t **ret,
                    struct error *e)
{
    json_auto_t *o = json_object();
    struct certificate_facts f;

    if (certificate_describe_pem(str_of(s->certificate), &f, NULL, e) < 0) {
        e->kind = ERR_CORRUPT;
        return fail_wrap(e, "server certificate %s", s->thumbprint);
    }
    jv_set_str(o, "Id", id_of(c->arena, s));
    jv_set_str(o, "Name", f.subject);
    jv_set_str(o, "Thumbprint", f.thumbprint);
    jv_set_str(o, "ThumbprintSha256", f.sha256);
    jv_set_str(o, "SignatureAlgorithm", f.signature_algorithm);
    jv_set_bool(o, "IsCurrent", s->is_current);
    jv_set_time(o, "AcceptedUntil", s->accepted_until);
    jv_set_time(o, "NotBefore", f.not_before);
    jv_set_time(o, "NotAfter", f.not_after);
    *ret = resource_answer(&server_certificate_resource, o);
    return 0;
}

static bool wanted(struct call *c, const struct server_certificate *s,
                   const struct http_strings *ids)
{
    bool found = ids->n == 0;

    for (size_t i = 0; i < ids->n && !found; i++)
        found = str_same(ids->items[i], id_of(c->arena, s));
    return found;
}

static int list(struct call *c, struct error *e)
{
    struct certificates x = {.c = c};
    struct http_strings ids = call_query_list(c, "ids");
    const char *part = call_query(c, "partialName");
    json_auto_t *items = json_array();
    struct paging paging;

    if (paging_read(c, &paging, e) < 0 || db_read(call_app(c)->db, list_tx, &x, e) < 0) return -1;
    for (size_t i = 0; i < x.n; i++) {
        json_t *one;
        if (!wanted(c, &x.list[i], &ids)) continue;
        if (document(c, &x.list[i], &one, e) < 0) return -1;
        if (part == NULL || strcasestr(jv_str(one, "Name", ""), part)) jv_push(items, one);
        else json_decref(one);
    }
    c->out = paging_slice(c, &paging, server_certificate_resource.item_type, TAKE(items));
    return 0;
}

/* The one of the path: by id or thumbprint. */
static int find(struct certificates *x, const struct server_certificate **ret, struct error *e)
{
    const char *id = call_param(x->c, "id");

    for (size_t i = 0; i < x->n; i++) {
        *ret = &x->list[i];
        if (str_same((*ret)->thumbprint, id) || str_same(id_of(x->c->arena, *ret), id)) return 0;
    }
    return call_not_found(e, id);
}

static int read_one(struct call *c, const struct server_certificate **ret, struct error *e)
{
    struct certificates x = {.c = c};

    return db_read(call_app(c)->db, list_tx, &x, e) < 0 ? -1 : find(&x, ret, e);
}

static int get(struct call *c, struct error *e)
{
    const struct server_certificate *s;

    return read_one(c, &s, e) < 0 ? -1 : document(c, s, &c->out, e);
}

static int public_cer(struct call *c, struct error *e)
{
    CLEANUP(buf_done) struct buf der = BUF_INIT(64 * KiB);
    const struct server_certificate *s;
    struct certificate_facts f;

    if (read_one(c, &s, e) < 0) return -1;
    if (certificate_describe_pem(str_of(s->certificate), &f, &der, e) < 0) return -1;
    http_header(c->res, "Content-Disposition",
                arena_fmt(c->arena, "attachment; filename=\"%s.cer\"", f.thumbprint));
    http_reply(c->res, 200, "application/x-x509-ca-cert", der.p, der.n);
    return 0;
}

struct end {
    struct certificates x;
    int64_t until;
};

static int end_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct document_change by;
    const struct server_certificate *s;
    struct end *m = ctx;

    if (list_tx(tx, &m->x, e) < 0 || find(&m->x, &s, e) < 0) return -1;
    by = resource_change(m->x.c, &server_certificate_resource);
    return server_certificate_end(tx, s->thumbprint, m->until, &by, e);
}

/* Sets the end of a former one. */
static int update(struct call *c, struct error *e)
{
    struct end m = {.x = {.c = c}};
    const char *text;
    struct error why = {0};

    if (call_text_required(c, "AcceptedUntil", &text, e) < 0) return -1;
    if (!time_parse_iso(text, &m.until))
        return fail_at(e, "AcceptedUntil", "\"%s\" is not a time like 2026-12-31T00:00:00Z", text);
    if (db_write(call_app(c)->db, end_tx, &m, e) < 0) return -1;
    const struct server_certificate *s;
    if (read_one(c, &s, &why) == 0) return document(c, s, &c->out, e);
    if (why.kind == ERR_NOT_FOUND) return 0; /* ended: an empty answer */
    *e = why;
    return -1;
}

#define CERTIFICATES "/api/configuration/certificates"
static const struct route_query list_query[] = {
    {"ids", QUERY_LIST, "only those with these ids"},
    {"partialName", QUERY_TEXT, "part of the subject, in any case"},
    {.name = NULL}};
#define ONE .out = server_certificate_fields, .out_name = "CertificateConfiguration"
static const struct route rows[] = {
    {"GET", CERTIFICATES, list, PERM_AUTHENTICATED, ONE, .query = list_query, .shape = ROUTE_PAGE,
     .doc = "the certificates by which agents know this server: the current one, then former ones "
            "that count still"},
    {"GET", CERTIFICATES "/{id}", get, PERM_AUTHENTICATED, ONE,
     .doc = "certificate-global, which is the current one, or a former one by id or thumbprint"},
    {"PUT", CERTIFICATES "/{id}", update, "ConfigureServer", ONE, .in = server_certificate_fields,
     .in_name = "CertificateConfiguration",
     .doc = "changes until when a former certificate counts; a past time ends it"},
    {"GET", CERTIFICATES "/{id}/public-cer", public_cer, PERM_AUTHENTICATED, .shape = ROUTE_BYTES,
     .doc = "the certificate without its key, in DER form"},
};
const struct route_table server_certificate_routes = {rows, ARRAY_LEN(rows)};
