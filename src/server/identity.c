/* identity.c - see identity.h. */
#include "server/identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/time.h"
#include "crypt/certificate.h"
#include "model/resource.h"
#include "os/file.h"
#include "server/command.h"
#include "server/master_key.h"
#include "store/migrations.h"
#include "store/sealed.h"
#include "store/server_certificate.h"

#define COMMON_NAME "Bobtail Server"
#define PFX_MAX (1 * MiB)
#define DAY_MS ((int64_t)86400000)
#define ROTATE_DAYS 30
#define ROTATE_DAYS_MAX 3650

/* ---- the store ---- */

struct listed {
    struct arena *a;
    struct server_certificate *items;
    size_t n;
};

static int list_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct listed *x = ctx;

    return server_certificate_list(tx, x->a, &x->items, &x->n, e);
}

/* The current certificate with its key. */
static int open_current(const struct listed *x, const struct secret_key *key,
                        struct certificate **ret, struct error *e)
{
    CLEANUP(buf_wipe) struct buf plain = BUF_INIT(64 * KiB);
    const struct server_certificate *s = &x->items[0];

    if (seal_open(key, s->sealed_key, &plain, e) < 0)
        return fail_wrap(e, "key of the server's certificate %s", s->thumbprint);
    return certificate_read_pem(str_of(s->certificate), (struct str){plain.p, plain.n}, ret, e);
}

static struct server_certificate row_of(struct arena *a, const struct certificate *c,
                                        const struct secret_key *key, int64_t now_ms)
{
    CLEANUP(buf_wipe) struct buf plain = BUF_INIT(64 * KiB);
    CLEANUP(buf_done) struct buf pem = BUF_INIT(64 * KiB);
    struct certificate_facts f;

    certificate_describe(c, &f);
    certificate_write_pem(c, &pem);
    certificate_write_key(c, &plain);
    CLEANUP(freep) char *sealed = seal_text(key, plain.p, plain.n);
    return (struct server_certificate){.thumbprint = arena_strdup(a, f.thumbprint),
                                       .certificate = arena_strdup(a, buf_str(&pem)),
                                       .sealed_key = arena_strdup(a, sealed),
                                       .created_at = now_ms};
}

struct change {
    struct server_certificate row;
    const struct secret_key *key; /* that it is sealed with */
    struct document_change by;
    int64_t rotate_ms;
    const char *thumbprint; /* of the one to end */
};

/* The database must not get another master key while something sealed with ${x}->key is written. */
static int keep_key(struct db_tx *tx, const struct change *x, struct error *e)
{
    return sealed_lock(tx, true, e) < 0 ? -1 : sealed_check_key(tx, x->key, e);
}

static int first_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct change *x = ctx;

    return keep_key(tx, x, e) < 0 ? -1 : server_certificate_first(tx, &x->row, e);
}

static int make_first(struct db *db, const struct secret_key *key, struct arena *a, struct error *e)
{
    CLEANUP(certificate_freep) struct certificate *c = NULL;
    int64_t now = clock_now(&system_clock);
    struct change x = {.key = key};

    if (certificate_new(COMMON_NAME, NULL, now, &c, e) < 0) return -1;
    x.row = row_of(a, c, key, now);
    int made = db_write(db, first_tx, &x, e);
    if (made > 0) log_info("identity", "the server's certificate was made: %s", x.row.thumbprint);
    return made < 0 ? -1 : 0;
}

int identity_ensure(struct db *db, const struct secret_key *key, struct error *e)
{
    CLEANUP(certificate_freep) struct certificate *c = NULL;
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct listed x = {.a = &a};

    if (db_read(db, list_tx, &x, e) < 0) return -1;
    if (x.n == 0 && (make_first(db, key, &a, e) < 0 || db_read(db, list_tx, &x, e) < 0)) return -1;
    return open_current(&x, key, &c, e);
}

/* ---- what the commands share ---- */

/* What a command works on: the database of the installation, also beside a running server, whose
 * schema it has then. */
struct identity {
    struct arena arena;
    struct command_call *call;
    struct secret_key key;
    struct db *db;
};

static void identity_done(struct identity *x)
{
    db_close(x->db);
    secret_key_wipe(&x->key);
    arena_wipe(&x->arena);
}

static int identity_open(struct identity *x, struct error *e)
{
    const struct options *o = &x->call->o;
    struct db_options d = {.url = o->database, .beside = true};

    if (dir_make(o->data_dir, 0711, e) < 0 || db_open(&d, &x->db, e) < 0) return -1;
    if (!db_is_beside(x->db) && store_migrate(x->db, e) < 0) return -1;
    return master_key_open(o, x->db, &x->key, e);
}

/* All that count; there is at least one then. */
static int identity_list(struct identity *x, struct listed *ret, struct error *e)
{
    *ret = (struct listed){.a = &x->arena};
    if (identity_ensure(x->db, &x->key, e) < 0) return -1;
    return db_read(x->db, list_tx, ret, e);
}

/* "" when none is given. */
static int pfx_password(struct identity *x, const char **ret, struct error *e)
{
    const char *variable = getenv("BOBTAIL_PFX_PASSWORD");
    const char *file = command_value(x->call, "pfx-password-file");

    return options_secret(variable ? variable : "", file ? file : "", &x->arena, ret, e);
}

/* ---- changes ---- */

static struct document_change operator(void)
{
    return (struct document_change){.user_id = "users-system",
                                    .username = "system",
                                    .now_ms = clock_now(&system_clock),
                                    .noun = server_certificate_resource.noun};
}

static int replace_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct change *x = ctx;

    if (keep_key(tx, x, e) < 0) return -1;
    return server_certificate_replace(tx, &x->row, x->rotate_ms, &x->by, e);
}

static int rotation(struct identity *x, int64_t *ret_ms, struct error *e)
{
    const char *text = command_value(x->call, "rotate-days");
    int64_t days = ROTATE_DAYS;

    if (text && !str_i64(text, 0, ROTATE_DAYS_MAX, &days))
        return fail(e, ERR_INVALID, "rotate-days: \"%s\" is not a whole number from 0 to %d", text,
                    ROTATE_DAYS_MAX);
    *ret_ms = days * DAY_MS;
    return 0;
}

/* Makes ${c} the current one; the former one counts as long as the flag says. */
static int replace(struct identity *x, const struct certificate *c, const char *verb,
                   struct error *e)
{
    struct change m = {.by = operator(), .key = &x->key};
    char until[TIME_TEXT_SIZE];

    if (rotation(x, &m.rotate_ms, e) < 0) return -1;
    m.row = row_of(&x->arena, c, &x->key, m.by.now_ms);
    int replaced = db_write(x->db, replace_tx, &m, e);
    if (replaced < 0) return -1;
    printf("The certificate with the thumbprint %s was %s and is the server's current one now.\n",
           m.row.thumbprint, verb);
    if (replaced && m.rotate_ms)
        printf("The former one counts until %s. Until then let every agent trust both.\n",
               time_iso(m.by.now_ms + m.rotate_ms, until));
    else if (replaced) printf("The former one does not count any more.\n");
    return 0;
}

static int make_new(struct identity *x, struct error *e)
{
    CLEANUP(certificate_freep) struct certificate *c = NULL;

    if (certificate_new(COMMON_NAME, NULL, clock_now(&system_clock), &c, e) < 0) return -1;
    return replace(x, c, "made", e);
}

static int read_pfx(struct identity *x, struct certificate **ret, struct error *e)
{
    CLEANUP(buf_wipe) struct buf content = BUF_INIT(PFX_MAX);
    const char *password, *file = command_value(x->call, "from-file");

    if (file == NULL)
        return fail(e, ERR_INVALID, "--from-file FILE is missing: the PFX file to import");
    if (pfx_password(x, &password, e) < 0 || file_read(file, &content, e) < 0) return -1;
    if (certificate_read_pfx((struct str){buf_str(&content), content.n}, password, ret, e) < 0)
        return fail_wrap(e, "%s", file);
    return 0;
}

static int import(struct identity *x, struct error *e)
{
    CLEANUP(certificate_freep) struct certificate *c = NULL;
    struct certificate_facts f;

    if (read_pfx(x, &c, e) < 0) return -1;
    certificate_describe(c, &f);
    if (f.is_rsa && f.key_bits < 2048)
        printf("Warning: its RSA key has %d bits, newer agents want 2048.\n", f.key_bits);
    return replace(x, c, "imported", e);
}

static int end_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct change *x = ctx;

    return server_certificate_end(tx, x->thumbprint, x->by.now_ms, &x->by, e);
}

static int end(struct identity *x, struct error *e)
{
    const char *given = x->call->operand ? x->call->operand : "";
    char thumbprint[THUMBPRINT_SIZE];
    struct change m = {.by = operator(), .thumbprint = thumbprint};

    if (!thumbprint_valid(given))
        return fail(e, ERR_INVALID,
                    "\"%s\" is not the thumbprint (40 hexadecimal digits) of a former certificate; "
                    "show-thumbprint --format json lists them",
                    given);
    snprintf(thumbprint, sizeof(thumbprint), "%s", given);
    for (char *p = thumbprint; *p; p++)
        if (*p >= 'a') *p = (char)(*p - ('a' - 'A'));
    if (db_write(x->db, end_tx, &m, e) < 0) return -1;
    printf("The certificate with the thumbprint %s does not count any more.\n", thumbprint);
    return 0;
}

/* ---- what is shown and written ---- */

static void print_json(const struct listed *x)
{
    json_auto_t *o = json_object();
    json_t *former = json_array();

    jv_set_str(o, "Thumbprint", x->items[0].thumbprint);
    for (size_t i = 1; i < x->n; i++) {
        json_t *one = json_object();
        jv_set_str(one, "Thumbprint", x->items[i].thumbprint);
        jv_set_time(one, "AcceptedUntil", x->items[i].accepted_until);
        jv_push(former, one);
    }
    jv_set(o, "Former", former);
    CLEANUP(freep) char *text = jv_text(o);
    printf("%s\n", text);
}

static int show(struct identity *x, struct error *e)
{
    const char *format = command_value(x->call, "format");
    bool json = format && strcmp(format, "json") == 0;
    struct listed all;

    if (format && !json && strcmp(format, "text") != 0)
        return fail(e, ERR_INVALID, "format: \"%s\" is none of text|json", format);
    if (identity_list(x, &all, e) < 0) return -1;
    if (json) print_json(&all);
    else printf("%s\n", all.items[0].thumbprint);
    return 0;
}

static int write_file(const char *path, const struct buf *content, struct error *e)
{
    if (file_replace(path, 0600, buf_str(content), content->n, e) < 0) return -1;
    printf("Written: %s\n", path);
    return 0;
}

static int write_pfx(struct identity *x, const struct certificate *c, const char *path,
                     struct error *e)
{
    CLEANUP(buf_wipe) struct buf out = BUF_INIT(PFX_MAX);
    const char *password;

    if (pfx_password(x, &password, e) < 0) return -1;
    if (str_blank(password))
        return fail(e, ERR_INVALID,
                    "--export-pfx writes the private key, so it needs a password: "
                    "--pfx-password-file FILE or the variable BOBTAIL_PFX_PASSWORD");
    return certificate_write_pfx(c, password, &out, e) < 0 ? -1 : write_file(path, &out, e);
}

static int export(struct identity *x, struct error *e)
{
    CLEANUP(certificate_freep) struct certificate *c = NULL;
    CLEANUP(buf_done) struct buf pem = BUF_INIT(PFX_MAX);
    const char *plain = command_value(x->call, "export-file"),
               *pfx = command_value(x->call, "export-pfx");
    struct listed all;

    if (plain == NULL && pfx == NULL)
        return fail(e, ERR_INVALID,
                    "give --export-file FILE for the certificate alone (PEM), or --export-pfx FILE "
                    "for the certificate with its private key");
    if (identity_list(x, &all, e) < 0 || open_current(&all, &x->key, &c, e) < 0) return -1;
    certificate_write_pem(c, &pem);
    if (plain && write_file(plain, &pem, e) < 0) return -1;
    return pfx ? write_pfx(x, c, pfx, e) : 0;
}

/* ---- the commands ---- */

#define IDENTITY_COMMAND(name, function)                        \
    static int name(struct command_call *c, struct error *e)    \
    {                                                           \
        CLEANUP(identity_done) struct identity x = {.call = c}; \
        return identity_open(&x, e) < 0 ? -1 : function(&x, e); \
    }
IDENTITY_COMMAND(run_show, show)
IDENTITY_COMMAND(run_export, export)
IDENTITY_COMMAND(run_import, import)
IDENTITY_COMMAND(run_new, make_new)
IDENTITY_COMMAND(run_end, end)

#define FLAG_PASSWORD                                                                         \
    {                                                                                         \
        "pfx-password-file", "FILE", "holds the PFX file's password; or BOBTAIL_PFX_PASSWORD" \
    }
#define FLAG_ROTATE                                                                           \
    {                                                                                         \
        "rotate-days", "N", "days that the former certificate counts too; 0: not at all [30]" \
    }
const struct command command_show_thumbprint = {
    .name = "show-thumbprint",
    .run = run_show,
    .has_settings = true,
    .flags = {{"format", "FORMAT",
               "text is the current thumbprint alone, json has former ones that count too"}},
    .help = "prints the thumbprint by which agents trust this server",
};
const struct command command_export_certificate = {
    .name = "export-certificate",
    .run = run_export,
    .has_settings = true,
    .flags = {{"export-file", "FILE", "where the certificate without its key is written, as PEM"},
              {"export-pfx", "FILE",
               "where the certificate with its private key is written, under a password"},
              FLAG_PASSWORD},
    .help = "writes the server's certificate, without or with its private key",
};
const struct command command_import_certificate = {
    .name = "import-certificate",
    .run = run_import,
    .has_settings = true,
    .flags = {{"from-file", "FILE", "PFX file with a certificate and its private key"},
              FLAG_PASSWORD,
              FLAG_ROTATE},
    .help =
        "takes over a certificate from a PFX file, so that agents that trust it keep their trust",
};
const struct command command_new_certificate = {
    .name = "new-certificate",
    .run = run_new,
    .has_settings = true,
    .flags = {FLAG_ROTATE},
    .help = "makes a new certificate; the former one counts for a time",
};
const struct command command_end_certificate = {
    .name = "end-certificate",
    .run = run_end,
    .has_settings = true,
    .operand = "THUMBPRINT",
    .help = "lets a former certificate not count any more",
};
