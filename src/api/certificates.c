/* certificates.c - certificates that steps use: read when they are stored, archived, replaced under
 * the same id, and given back in other forms. Facts: rest.md 1.6. */
#include <string.h>

#include "api/permit.h"
#include "api/resource.h"
#include "api/usages.h"
#include "base/base64.h"
#include "crypt/certificate_file.h"
#include "model/command.h"

#define FILE_MAX (24 * MiB) /* of the base64 text, below the limit of a request */

/* ---- what the file says ---- */

static int decode_file(const char *base64, struct buf *out, struct error *e)
{
    if (base64_decode(out, base64, strlen(base64)) && out->n) return 0;
    return fail_at(e, "CertificateData", "CertificateData: the file is not base64");
}

static void set_entry(json_t *o, const struct certificate_entry *c)
{
    jv_set_str(o, "SubjectDistinguishedName", c->subject);
    jv_set_str(o, "IssuerDistinguishedName", c->issuer);
    jv_set_str(o, "Thumbprint", c->facts.thumbprint);
    jv_set_time(o, "NotAfter", c->facts.not_after);
    jv_set_time(o, "NotBefore", c->facts.not_before);
    jv_set_i64(o, "Version", c->version);
    jv_set_str(o, "SerialNumber", c->serial);
    jv_set_str(o, "SignatureAlgorithmName", c->facts.signature_algorithm);
}

static void set_facts(json_t *doc, const struct certificate_file *f)
{
    json_t *names = json_array(), *chain = json_array();

    set_entry(doc, &f->own);
    jv_set_str(doc, "CertificateDataFormat", f->format);
    jv_set_bool(doc, "HasPrivateKey", f->has_key);
    jv_set_bool(doc, "SelfSigned", f->self_signed);
    jv_set_str(doc, "SubjectCommonName", f->subject_name);
    jv_set_str(doc, "SubjectOrganization", f->subject_organization);
    jv_set_str(doc, "IssuerCommonName", f->issuer_name);
    jv_set_str(doc, "IssuerOrganization", f->issuer_organization);
    for (size_t i = 0; i < f->n_alternative_names; i++)
        jv_push(names, jv_string(f->alternative_names[i]));
    for (size_t i = 0; i < f->n_chain; i++) {
        json_t *o = json_object();
        set_entry(o, &f->chain[i]);
        jv_push(chain, o);
    }
    jv_set(doc, "SubjectAlternativeNames", names);
    jv_set(doc, "CertificateChain", chain);
}

/* Reads the file into the members of ${doc} that tell of it. */
static int describe(struct call *c, const char *base64, const char *password, json_t *doc,
                    struct error *e)
{
    CLEANUP(buf_wipe) struct buf data = BUF_INIT(FILE_MAX);
    struct certificate_file f;

    if (decode_file(base64, &data, e) < 0) return -1;
    struct str file = {buf_str(&data), data.n};
    if (certificate_file_read(file, str_blank(password) ? NULL : password, c->arena, &f, e) < 0) {
        e->kind = ERR_INVALID; /* also a wrong password: it is of the file, not of the caller */
        return fail_wrap(e, "CertificateData");
    }
    set_facts(doc, &f);
    return 0;
}

static const char *new_value(const json_t *body, const char *member)
{
    return jv_str(jv_get(body, member), "NewValue", "");
}

static int read_file(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                     struct error *e)
{
    (void)tx, (void)stored;
    return describe(c, new_value(c->body, "CertificateData"), new_value(c->body, "Password"), doc,
                    e);
}

static int create(struct call *c, struct error *e)
{
    static const struct resource_hooks hooks = {.before = read_file};

    return resource_create_with(c, &hooks, e);
}

/* ---- archived, replaced ---- */

static int set_archived(struct db_tx *tx, struct call *c, bool archived, struct error *e)
{
    json_auto_t *doc = NULL;
    struct document d;

    if (resource_find(tx, c, &d, &doc, e) < 0) return -1;
    if (archived) jv_set_time(doc, "Archived", clock_now(call_app(c)->clock));
    else jv_set_str(doc, "Archived", NULL);
    if (resource_replace(tx, c, &certificate_resource, doc, d.row_version, e) < 0) return -1;
    resource_reply(c, &certificate_resource, doc);
    return 0;
}

static int archive_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    return set_archived(tx, ctx, true, e);
}
static int unarchive_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    return set_archived(tx, ctx, false, e);
}
static int archive(struct call *c, struct error *e)
{
    return db_write(call_app(c)->db, archive_tx, c, e) < 0 ? -1 : 0;
}
static int unarchive(struct call *c, struct error *e)
{
    return db_write(call_app(c)->db, unarchive_tx, c, e) < 0 ? -1 : 0;
}

static void set_secret(struct call *c, json_t *doc, const char *member, const char *plain)
{
    json_t *o = NULL;

    if (!str_blank(plain)) {
        CLEANUP(freep) char *sealed = seal_text(call_app(c)->key, plain, strlen(plain));
        o = json_object();
        jv_set_str(o, "Sealed", sealed);
    }
    jv_set(doc, member, o ? o : json_null());
}

/* What was there is kept under a new id, archived; the id keeps its users and gets the new file. */
static int replace_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;
    json_auto_t *doc = NULL, *before = NULL;
    const char *data, *password;
    struct document d;

    if (call_text_required(c, "CertificateData", &data, e) < 0 ||
        call_text(c, "Password", NULL, &password, e) < 0 || resource_find(tx, c, &d, &doc, e) < 0)
        return -1;
    before = json_deep_copy(doc);
    jv_set_str(before, "Id", NULL);
    jv_set_str(before, "ReplacedBy", d.id);
    jv_set_time(before, "Archived", clock_now(call_app(c)->clock));
    if (describe(c, data, password, doc, e) < 0) return -1;
    set_secret(c, doc, "CertificateData", data);
    set_secret(c, doc, "Password", password);
    if (resource_insert(tx, c, &certificate_resource, before, e) < 0 ||
        resource_replace(tx, c, &certificate_resource, doc, d.row_version, e) < 0)
        return -1;
    resource_reply(c, &certificate_resource, before);
    return 0;
}

static int replace(struct call *c, struct error *e)
{
    return db_write(call_app(c)->db, replace_tx, c, e) < 0 ? -1 : 0;
}

/* ---- given back ---- */

static const struct {
    const char *format, *ending, *type;
} forms[] = {{"Pkcs12", "pfx", "application/x-pkcs12"},
             {"Pem", "pem", "application/x-pem-file"},
             {"Der", "cer", "application/pkix-cert"}};

static int form_index(const char *format, struct error *e)
{
    for (size_t i = 0; i < ARRAY_LEN(forms); i++)
        if (str_same(forms[i].format, format)) return (int)i;
    return fail_at(e, "format", "query parameter format is \"%s\", want Pkcs12, Pem or Der",
                   format);
}

static int open_secret(struct call *c, const json_t *doc, const char *member, struct buf *out,
                       struct error *e)
{
    const char *sealed = jv_str(jv_get(doc, member), "Sealed", NULL);

    return sealed ? seal_open(call_app(c)->key, sealed, out, e) : 0;
}

static int part_asked(const struct call *c, enum certificate_part *ret, struct error *e)
{
    static const char *const parts[] = {"PrimaryOnly", "PrimaryAndChain", "ChainOnly"};
    const char *asked = call_query(c, "pemOptions");

    *ret = CERTIFICATE_OWN;
    for (size_t i = 0; asked && i < ARRAY_LEN(parts); i++)
        if (str_same(parts[i], asked)) return *ret = (enum certificate_part)i, 0;
    return asked == NULL ? 0
                         : fail_at(e, "pemOptions",
                                   "query parameter pemOptions is \"%s\", want PrimaryOnly, "
                                   "PrimaryAndChain or ChainOnly",
                                   asked);
}

static int convert(struct call *c, const json_t *doc, struct certificate_form *form,
                   struct buf *out, struct error *e)
{
    CLEANUP(buf_wipe) struct buf base64 = BUF_INIT(FILE_MAX);
    CLEANUP(buf_wipe) struct buf data = BUF_INIT(FILE_MAX);
    CLEANUP(buf_wipe) struct buf password = BUF_INIT(64 * KiB);

    if (open_secret(c, doc, "CertificateData", &base64, e) < 0 ||
        open_secret(c, doc, "Password", &password, e) < 0 ||
        decode_file(buf_str(&base64), &data, e) < 0)
        return -1;
    if (form == NULL) return buf_add(out, data.p, data.n), 0;
    struct str file = {buf_str(&data), data.n};
    return certificate_file_convert(file, password.n ? buf_str(&password) : NULL, form, out, e);
}

static int find_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;

    json_decref(c->out);
    c->out = NULL;
    return resource_find(tx, c, NULL, &c->out, e);
}

/* A file goes out; its name tells what it is. */
static void reply_file(struct call *c, size_t form, struct buf *file)
{
    size_t n = file->n;

    http_header(c->res, "Content-Disposition",
                arena_fmt(c->arena, "attachment; filename=\"certificate.%s\"", forms[form].ending));
    http_reply_take(c->res, 200, forms[form].type, buf_take(file), n);
}

/* A key goes out only to who may export keys. */
static int check_key(struct call *c, const json_t *doc, const struct certificate_form *form,
                     const char *asked, struct error *e)
{
    static const char permission[] = "CertificateExportPrivateKey";
    bool key = asked == NULL || form->with_key || strcmp(form->format, "Pkcs12") == 0;

    if (!key || !jv_bool(doc, "HasPrivateKey", false) || permit_holds(c, permission, c->space_id))
        return 0;
    return permit_denied(c, permission, text(doc, "Name"), e);
}

static int export(struct call *c, struct error *e)
{
    const char *asked = call_query(c, "format");
    struct certificate_form form = {.new_password = call_query(c, "password")};
    CLEANUP(buf_wipe) struct buf out = BUF_INIT(FILE_MAX);

    if (call_query_flag(c, "includePrivateKey", false, &form.with_key, e) < 0 ||
        part_asked(c, &form.part, e) < 0 || db_read(call_app(c)->db, find_tx, c, e) < 0)
        return -1;
    json_auto_t *doc = TAKE(c->out);
    int i = form_index(asked ? asked : text(doc, "CertificateDataFormat"), e);
    if (i < 0) return -1;
    form.format = forms[i].format;
    if (check_key(c, doc, &form, asked, e) < 0) return -1;
    if (convert(c, doc, asked ? &form : NULL, &out, e) < 0) return -1;
    reply_file(c, (size_t)i, &out);
    return 0;
}

static const struct route_query certificate_query[] = {
    QUERY_PLAIN,
    {"search", QUERY_TEXT, "part of the name, in any case"},
    {"archived", QUERY_FLAG, "true: archived ones; otherwise only others, unless ids are given"},
    {"tenant", QUERY_LIST, "only those of these tenants"},
    {"orderBy", QUERY_TEXT, "Name, Id or NotAfter"},
    QUERY_END};
static const struct route_query export_query[] = {
    {"format", QUERY_TEXT, "Pkcs12, Pem or Der; the file as it was uploaded unless given"},
    {"password", QUERY_TEXT, "password of the Pkcs12 file"},
    {"includePrivateKey", QUERY_FLAG, "true: a Pem file has the key too"},
    {"pemOptions", QUERY_TEXT, "PrimaryOnly, PrimaryAndChain or ChainOnly"},
    QUERY_END};

#define ACTION(name, handler, text)                                                             \
    {                                                                                           \
        "POST", "/api/{space}/certificates/{id}/" name, handler, "CertificateEdit",             \
            .flags = ROUTE_OPTIONAL_BODY, .out = certificate_fields, .out_name = "Certificate", \
            .doc = text                                                                         \
    }
static const struct route rows[] = {
    RESOURCE_READ_ROUTES("certificates", "Certificate", certificate_fields, certificate_query,
                         "CertificateView"),
    RESOURCE_POST_ROUTE("/api/{space}/certificates", create, "Certificate", certificate_fields,
                        "CertificateCreate", "stores a certificate"),
    RESOURCE_PUT_ROUTE("/api/{space}/certificates/{id}", resource_update, "Certificate",
                       certificate_fields, "CertificateEdit",
                       "changes what is said about a certificate; its file stays"),
    RESOURCE_DELETE_ROUTE("/api/{space}/certificates", "CertificateDelete"),
    ACTION("archive", archive, "archives a certificate"),
    ACTION("unarchive", unarchive, "takes a certificate out of the archive"),
    {"POST", "/api/{space}/certificates/{id}/replace", replace, "CertificateEdit",
     .in = replace_certificate_fields, .in_name = "ReplaceCertificate", .out = certificate_fields,
     .out_name = "Certificate",
     .doc = "gives a certificate a new file; answers with what was there, archived"},
    {"GET", "/api/{space}/certificates/{id}/export", export, "CertificateView",
     .query = export_query, .shape = ROUTE_BYTES,
     .doc = "the file of a certificate; with a key only for who may export keys"},
    {"GET", "/api/{space}/certificates/{id}/usages", certificate_usages, "CertificateView",
     .out = certificate_usage_fields, .out_name = "CertificateUsage",
     .doc = "what uses a certificate"},
};
const struct route_table certificate_routes = {rows, ARRAY_LEN(rows)};
