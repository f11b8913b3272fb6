/* context_named.c - what variables of account and certificate types stand for: Name.Username,
 * Name.Password, Name.CertificatePem and so on, as scripts know them.
 *
 * The account or certificate is read as it is when the task is loaded: a release freezes which one
 * it uses, not what is in it. One that was deleted since leaves the variable with its id alone. */
#include <string.h>

#include "base/base64.h"
#include "crypt/certificate_file.h"
#include "engine/context_priv.h"

struct part {
    const char *suffix, *member;
    bool secret;
};
static const struct part account_parts[] = {
    {"AccountType", "AccountType", false},
    {"Username", "Username", false},
    {"Password", "Password", true},
    {"Token", "Token", true},
    {"PrivateKeyFile", "PrivateKeyFile", true},
    {"AccessKey", "AccessKey", false},
    {"SecretKey", "SecretKey", true},
    {"SubscriptionNumber", "SubscriptionNumber", false},
    {"Client", "ClientId", false},
    {"TenantId", "TenantId", false},
    {"JsonKey", "JsonKey", true},
    {"Audience", "Audience", false},
    {"RoleArn", "RoleArn", false},
    {"SessionDuration", "SessionDuration", false},
    {NULL, NULL, false},
};
static const struct part certificate_parts[] = {
    {"Name", "Name", false},
    {"Thumbprint", "Thumbprint", false},
    {"Subject", "SubjectDistinguishedName", false},
    {"SubjectCommonName", "SubjectCommonName", false},
    {"Issuer", "IssuerDistinguishedName", false},
    {"NotBefore", "NotBefore", false},
    {"NotAfter", "NotAfter", false},
    {"Password", "Password", true},
    {NULL, NULL, false},
};
static const struct named {
    const char *type, *kind;
    const struct part *parts;
} named[] = {{"AmazonWebServicesAccount", "Accounts", account_parts},
             {"AzureAccount", "Accounts", account_parts},
             {"GoogleCloudAccount", "Accounts", account_parts},
             {"UsernamePasswordAccount", "Accounts", account_parts},
             {"GenericOidcAccount", "Accounts", account_parts},
             {"Certificate", "Certificates", certificate_parts}};

static const struct named *named_by(const char *type)
{
    for (size_t i = 0; i < ARRAY_LEN(named); i++)
        if (strcmp(named[i].type, type) == 0) return &named[i];
    return NULL;
}

int context_read_named(struct db_tx *tx, struct context *c, struct error *e)
{
    const json_t *v;
    size_t i;

    c->named = json_object();
    json_array_foreach (jv_get(c->variables, "Variables"), i, v) {
        const struct named *n = named_by(context_text(v, "Type"));
        const char *id = context_text(v, "Value");
        struct error why = {0};
        json_t *doc = NULL;
        if (n == NULL || *id == '\0' || json_object_get(c->named, id)) continue;
        if (context_read_document(tx, c, n->kind, id, &doc, &why) == 0) jv_set(c->named, id, doc);
        else if (why.kind != ERR_NOT_FOUND) return *e = why, -1;
    }
    return 0;
}

/* One of them: Variable.Suffix. A secret is masked from now on. */
static void set_part(struct context *c, struct variables *v, const char *name, const char *suffix,
                     const char *value, bool secret)
{
    CLEANUP(buf_done) struct buf full = BUF_INIT(BUF_UNBOUNDED);

    if (value == NULL) return;
    buf_addf(&full, "%s.%s", name, suffix);
    variables_set(v, buf_str(&full), value, secret);
    if (secret) context_learn_secret(c, buf_str(&full), value);
}

static void set_pem(struct context *c, struct variables *v, const char *name, struct str file,
                    const char *password, bool has_key)
{
    struct certificate_form form = {.format = "Pem"};
    CLEANUP(buf_wipe) struct buf pem = BUF_INIT(BUF_UNBOUNDED);
    CLEANUP(buf_wipe) struct buf both = BUF_INIT(BUF_UNBOUNDED);

    if (certificate_file_convert(file, password, &form, &pem, NULL) < 0) return;
    set_part(c, v, name, "CertificatePem", buf_str(&pem), false);
    form.with_key = true;
    if (has_key && certificate_file_convert(file, password, &form, &both, NULL) == 0)
        set_part(c, v, name, "PrivateKeyPem", strstr(buf_str(&both), "-----BEGIN PRIVATE KEY"),
                 true);
}

static void set_file(struct context *c, struct variables *v, const char *name, const json_t *doc,
                     struct arena *scratch)
{
    const char *base64 = context_opened(c, jv_get(doc, "CertificateData"), scratch),
               *password = context_opened(c, jv_get(doc, "Password"), scratch);
    bool has_key = jv_bool(doc, "HasPrivateKey", false);
    CLEANUP(buf_wipe) struct buf data = BUF_INIT(BUF_UNBOUNDED);

    set_part(c, v, name, "HasPrivateKey", has_key ? "True" : "False", false);
    if (base64 == NULL || !base64_decode(&data, base64, strlen(base64))) return;
    if (strcmp(context_text(doc, "CertificateDataFormat"), "Pkcs12") == 0)
        set_part(c, v, name, "Pfx", base64, true);
    set_pem(c, v, name, (struct str){buf_str(&data), data.n}, password, has_key);
}

void context_set_named(struct context *c, struct variables *v,
                       const struct scope_variable *variable, struct arena *scratch)
{
    const struct named *n = named_by(variable->type ? variable->type : "");
    const json_t *doc = n && variable->value ? json_object_get(c->named, variable->value) : NULL;

    if (doc == NULL) return;
    for (const struct part *p = n->parts; p->suffix; p++)
        set_part(c, v, variable->name, p->suffix,
                 p->secret ? context_opened(c, jv_get(doc, p->member), scratch)
                           : jv_str(doc, p->member, NULL),
                 p->secret);
    if (n->parts == certificate_parts) set_file(c, v, variable->name, doc, scratch);
}

void context_learn_named(struct context *c, struct arena *scratch)
{
    struct variables *unused = variables_new();
    const json_t *v;
    size_t i;

    json_array_foreach (jv_get(c->variables, "Variables"), i, v) {
        struct scope_variable one = {.name = context_text(v, "Name"),
                                     .value = jv_str(v, "Value", NULL),
                                     .type = context_text(v, "Type")};
        context_set_named(c, unused, &one, scratch);
    }
    variables_free(unused);
}
