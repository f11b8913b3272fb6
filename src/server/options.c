/* options.c - see options.h. */
#include "server/options.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "os/file.h"

enum option_type { OPTION_TEXT, OPTION_NUMBER, OPTION_SECRET, OPTION_ADDRESS, OPTION_DATABASE };
struct option {
    const char *name; /* --name, BOBTAIL_NAME, key in the file */
    const char *section;
    enum option_type type;
    size_t offset;
    const char *fallback;
    int64_t min, max;    /* of a number */
    const char *choices; /* "a|b|c" or NULL */
    const char *unit, *help;
};

#define AT(member) offsetof(struct options, member)
static const struct option table[] = {
    {"config", NULL, OPTION_TEXT, AT(config), OPTIONS_FILE, 0, 0, NULL, "FILE",
     "settings file, read if it is there"},
    {"data-dir", "server", OPTION_TEXT, AT(data_dir), "/var/lib/bobtail", 0, 0, NULL, "FOLDER",
     "database, blobs, jobs and keys"},
    {"http-listen", "server", OPTION_ADDRESS, AT(http_listen), "127.0.0.1:8080", 0, 0, NULL,
     "ADDRESS:PORT", "API and portal; port 0 takes a free one"},
    {"agent-listen", "server", OPTION_ADDRESS, AT(agent_listen), "[::]:10943", 0, 0, NULL,
     "ADDRESS:PORT", "for polling agents; checked, but nothing listens there yet"},
    {"database", "server", OPTION_DATABASE, AT(database), "", 0, 0, NULL, "URL",
     "sqlite:FILE or postgresql://...; default sqlite:bobtail.db in the data folder"},
    {"public-url", "server", OPTION_TEXT, AT(public_url), "", 0, 0, NULL, "URL",
     "address that people use"},
    {"node-name", "server", OPTION_TEXT, AT(node_name), "", 0, 0, NULL, "NAME",
     "name of this node; default is the host's name"},
    {"master-key-file", "server", OPTION_TEXT, AT(master_key_file), "", 0, 0, NULL, "FILE",
     "holds the master key; default is master.key in the data folder"},
    {"metrics-token", "server", OPTION_SECRET, AT(metrics_token), "", 0, 0, NULL, NULL, NULL},
    {"master-key", "server", OPTION_SECRET, AT(master_key), "", 0, 0, NULL, NULL, NULL},
    {"task-cap", "tasks", OPTION_NUMBER, AT(task_cap), "5", 0, 1000, NULL, "N",
     "tasks that run at once here; 0 takes none"},
    {"work-threads", "tasks", OPTION_NUMBER, AT(work_threads), "8", 1, 256, NULL, "N",
     "threads that do the work"},
    {"output-limit", "tasks", OPTION_NUMBER, AT(output_limit), "1073741824", 4096, INT64_MAX, NULL,
     "BYTES", "output of one script that is kept; what comes after is cut"},
    {"task-log-limit", "tasks", OPTION_NUMBER, AT(task_log_limit), "1073741824", 4096, INT64_MAX,
     NULL, "BYTES", "log of one task; output of scripts that comes after is cut"},
    {"builtin-account", "tasks", OPTION_TEXT, AT(builtin_account), "", 0, 0, NULL, "NAME",
     "account that scripts of the built-in worker run as; default is the server's"},
    {"admin-username", "admin", OPTION_TEXT, AT(admin_username), "admin", 0, 0, NULL, "NAME",
     "first user, made when there is none"},
    {"admin-password", "admin", OPTION_SECRET, AT(admin_password), "", 0, 0, NULL, NULL, NULL},
    {"admin-api-key", "admin", OPTION_SECRET, AT(admin_api_key), "", 0, 0, NULL, NULL, NULL},
    {"admin-password-file", "admin", OPTION_TEXT, AT(admin_password_file), "", 0, 0, NULL, "FILE",
     "holds the first user's password"},
    {"admin-api-key-file", "admin", OPTION_TEXT, AT(admin_api_key_file), "", 0, 0, NULL, "FILE",
     "holds the first user's API key"},
    {"log-level", "log", OPTION_TEXT, AT(log_level), "info", 0, 0, "error|warn|info|debug", "LEVEL",
     "most detailed lines: error, warn, info or debug"},
    {"log-format", "log", OPTION_TEXT, AT(log_format), "auto", 0, 0, "auto|plain|journald|json",
     "FORMAT", "plain, journald, json, or auto"},
};
_Static_assert(ARRAY_LEN(table) <= ARRAY_LEN(((struct options *)0)->sources),
               "room for the sources");

static bool among(const char *choices, const char *value)
{
    struct str rest = str_of(choices), one;

    while (str_cut(&rest, '|', &one))
        if (str_eq(one, value)) return true;
    return false;
}

/* "host:port" or "[v6]:port" */
static bool is_address(const char *value)
{
    const char *colon = strrchr(value, ':');
    int64_t port;

    if (colon == NULL || colon == value || !str_i64(colon + 1, 0, 65535, &port)) return false;
    bool brackets = value[0] == '[' && colon[-1] == ']';
    return brackets || memchr(value, ':', (size_t)(colon - value)) == NULL;
}

static bool is_database(const char *value)
{
    return *value == '\0' || (str_starts(value, "sqlite:") && value[7]) ||
           str_starts(value, "postgresql://") || str_starts(value, "postgres://");
}

static int check_form(const struct option *t, const char *value, struct error *e)
{
    if (t->choices && !among(t->choices, value))
        return fail_at(e, t->name, "%s: \"%s\" is none of %s", t->name, value, t->choices);
    if (t->type == OPTION_ADDRESS && !is_address(value))
        return fail_at(e, t->name, "%s: \"%s\" is not ADDRESS:PORT", t->name, value);
    /* the value may hold a password, so that only its kind is said */
    if (t->type == OPTION_DATABASE && !is_database(value))
        return fail_at(e, t->name, "%s: \"%.*s\" is neither sqlite:FILE nor postgresql://...",
                       t->name, (int)strcspn(value, ":") + 1, value);
    return 0;
}

static int set(struct options *o, size_t i, const char *value, const char *source, struct arena *a,
               struct error *e)
{
    const struct option *t = &table[i];
    char *at = (char *)o + t->offset;
    int64_t n;

    if (t->type == OPTION_NUMBER) {
        if (!str_i64(value, t->min, t->max, &n))
            return fail_at(e, t->name, "%s: \"%s\" is not a whole number from %lld to %lld",
                           t->name, value, (long long)t->min, (long long)t->max);
        memcpy(at, &n, sizeof(n));
    } else {
        if (check_form(t, value, e) < 0) return -1;
        const char *copy = arena_strdup(a, value);
        memcpy(at, &copy, sizeof(copy));
    }
    o->sources[i] = source;
    return 0;
}

static const struct option *by_name(const char *name, size_t n, size_t *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (strlen(table[i].name) != n || memcmp(table[i].name, name, n) != 0) continue;
        *ret = i;
        return &table[i];
    }
    return NULL;
}

static int read_flags(int argc, char **argv, int from, struct arena *a, struct options *o,
                      struct error *e)
{
    for (int i = from; i < argc; i++) {
        const char *name = argv[i] + 2, *equals = strchr(argv[i], '=');
        size_t n = equals ? (size_t)(equals - name) : strlen(argv[i]) - 2, place;
        if (!str_starts(argv[i], "--") || strlen(argv[i]) < 3)
            return fail(e, ERR_INVALID, "\"%s\" is not an option; see --help", argv[i]);
        const struct option *t = by_name(name, n, &place);
        if (t == NULL || t->type == OPTION_SECRET)
            return fail(e, ERR_INVALID, "there is no option %.*s; see --help", (int)n + 2, argv[i]);
        if (equals == NULL && i + 1 >= argc)
            return fail(e, ERR_INVALID, "--%s needs a value", t->name);
        if (set(o, place, equals ? equals + 1 : argv[++i], "flag", a, e) < 0) return -1;
    }
    return 0;
}

static const char *variable_name(const char *name, char out[64])
{
    int n = snprintf(out, 64, "BOBTAIL_%s", name);

    for (int i = 8; i < n; i++) out[i] = out[i] == '-' ? '_' : (char)toupper((unsigned char)out[i]);
    return out;
}

/* An empty variable is as good as none. */
static int read_environment(struct arena *a, struct options *o, struct error *e)
{
    char name[64];

    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        const char *value = getenv(variable_name(table[i].name, name));
        if (value && *value && set(o, i, value, "environment", a, e) < 0)
            return fail_wrap(e, "%s", name);
    }
    return 0;
}

static int read_line(struct options *o, struct str line, char section[64], struct arena *a,
                     struct error *e)
{
    struct str key;
    size_t place;

    line = str_trim(line);
    if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';') return 0;
    if (line.p[0] == '[' && line.p[line.n - 1] == ']') {
        snprintf(section, 64, "%.*s", (int)line.n - 2, line.p + 1);
        return 0;
    }
    if (memchr(line.p, '=', line.n) == NULL)
        return fail(e, ERR_INVALID, "\"%.*s\" is not \"key = value\"", (int)line.n, line.p);
    str_cut(&line, '=', &key);
    key = str_trim(key);
    line = str_trim(line);
    const struct option *t = by_name(key.p, key.n, &place);
    if (t == NULL || t->section == NULL)
        return fail(e, ERR_INVALID, "there is no key \"%.*s\"", (int)key.n, key.p);
    if (section[0] && strcmp(section, t->section) != 0)
        return fail(e, ERR_INVALID, "key \"%s\" belongs to section [%s], not [%s]", t->name,
                    t->section, section);
    return set(o, place, arena_strndup(a, line.p, line.n), "file", a, e);
}

/* The file may be missing when nobody named it. */
static int read_file(struct options *o, struct arena *a, struct error *e)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(1 * MiB);
    struct error why = {0};
    char section[64] = "";
    int number = 0;

    if (file_read(o->config, &text, &why) < 0) {
        if (why.sys == ENOENT && strcmp(o->config, OPTIONS_FILE) == 0) return 0;
        *e = why;
        return -1;
    }
    struct str rest = {buf_str(&text), text.n}, line;
    while (str_cut(&rest, '\n', &line)) {
        number++;
        if (read_line(o, line, section, a, e) < 0)
            return fail_wrap(e, "%s line %d", o->config, number);
    }
    return 0;
}

static int finish(struct options *o, struct arena *a, struct error *e)
{
    char here[4096], host[256] = "localhost";

    if (o->data_dir[0] != '/') {
        if (getcwd(here, sizeof(here)) == NULL) return fail_errno(e, errno, "current folder");
        o->data_dir = arena_fmt(a, "%s/%s", here, o->data_dir);
    }
    if (o->database[0] == '\0') o->database = arena_fmt(a, "sqlite:%s/bobtail.db", o->data_dir);
    gethostname(host, sizeof(host) - 1);
    if (o->node_name[0] == '\0') o->node_name = arena_strdup(a, host);
    return 0;
}

int options_read(int argc, char **argv, int from, struct arena *a, struct options *ret,
                 struct error *e)
{
    struct options o = {0};

    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (set(&o, i, table[i].fallback, "default", a, e) < 0) return -1;
    /* twice: the first pass finds --config, the second wins over environment and file */
    if (read_environment(a, &o, e) < 0) return -1;
    if (read_flags(argc, argv, from, a, &o, e) < 0) return -1;
    if (read_file(&o, a, e) < 0 || read_environment(a, &o, e) < 0) return -1;
    if (read_flags(argc, argv, from, a, &o, e) < 0 || finish(&o, a, e) < 0) return -1;
    *ret = o;
    return 0;
}

void options_help(void)
{
    char left[80];

    printf("Options (also as BOBTAIL_* variables and as keys of " OPTIONS_FILE "):\n");
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (table[i].type == OPTION_SECRET) continue;
        snprintf(left, sizeof(left), "--%s %s", table[i].name, table[i].unit);
        printf("  %-30s %s", left, table[i].help);
        printf(table[i].fallback[0] ? " [%s]\n" : "\n", table[i].fallback);
    }
    printf("The first user's password and API key may also be given as BOBTAIL_ADMIN_PASSWORD and "
           "BOBTAIL_ADMIN_API_KEY, the master key as BOBTAIL_MASTER_KEY. With "
           "BOBTAIL_METRICS_TOKEN, other machines may read /metrics.\n");
}

int options_secret(const char *value, const char *file, struct arena *a, const char **ret,
                   struct error *e)
{
    CLEANUP(buf_wipe) struct buf text = BUF_INIT(4 * KiB);

    *ret = value;
    if (value[0] || file[0] == '\0') return 0;
    if (file_read(file, &text, e) < 0) return -1;
    struct str rest = {buf_str(&text), text.n}, line = {"", 0};
    str_cut(&rest, '\n', &line);
    line = str_trim(line);
    if (line.n == 0) return fail(e, ERR_INVALID, "the first line of %s is empty", file);
    *ret = arena_strndup(a, line.p, line.n);
    return 0;
}

/* The URL without the password that it may hold: user:PASSWORD@host, or password=PASSWORD. */
void options_print_url(const char *url)
{
    const char *rest = strstr(url, "://"), *host = rest ? rest + 3 : url;
    const char *at = memchr(host, '@', strcspn(host, "/?")), *colon;

    if (at && (colon = memchr(host, ':', (size_t)(at - host))) != NULL) {
        printf("%.*s:********", (int)(colon - url), url);
        url = at;
    }
    while ((rest = strcasestr(url, "password=")) != NULL) {
        printf("%.*s********", (int)(rest - url) + 9, url);
        url = rest + strcspn(rest, "&");
    }
    printf("%s", url);
}

void options_show(const struct options *o)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        const char *at = (const char *)o + table[i].offset, *text;
        int64_t n;
        memcpy(&n, at, sizeof(n));
        memcpy(&text, at, sizeof(text));
        printf("%s = ", table[i].name);
        if (table[i].type == OPTION_NUMBER) printf("%lld", (long long)n);
        else if (table[i].type == OPTION_DATABASE) options_print_url(text);
        else printf("%s", table[i].type == OPTION_SECRET && text[0] ? "********" : text);
        printf("  # %s\n", o->sources[i]);
    }
}

/* A line that sets a secret, or an address that may hold a password. */
static bool holds_secret(struct str line)
{
    struct str key;
    size_t place;

    str_cut(&line, '=', &key);
    key = str_trim(key);
    const struct option *t = by_name(key.p, key.n, &place);
    return t && (t->type == OPTION_SECRET || t->type == OPTION_DATABASE);
}

int options_without_secrets(const struct options *o, struct buf *out, struct error *e)
{
    CLEANUP(buf_wipe) struct buf text = BUF_INIT(1 * MiB);

    if (file_read(o->config, &text, e) < 0) return -1;
    struct str rest = {buf_str(&text), text.n}, line;
    while (str_cut(&rest, '\n', &line)) {
        if (holds_secret(line)) continue;
        buf_add(out, line.p, line.n);
        buf_addc(out, '\n');
    }
    return 0;
}

enum log_level options_log_level(const struct options *o)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(o->log_level, names[i]) == 0) return (enum log_level)i;
    return LOG_INFO;
}

enum log_format options_log_format(const struct options *o)
{
    if (strcmp(o->log_format, "json") == 0) return LOG_JSON;
    if (strcmp(o->log_format, "journald") == 0) return LOG_JOURNALD;
    if (strcmp(o->log_format, "auto") == 0 && getenv("JOURNAL_STREAM")) return LOG_JOURNALD;
    return LOG_PLAIN;
}
