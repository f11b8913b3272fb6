/* options.h - the server's settings: one table gives flags, BOBTAIL_* variables, the file's keys,
 * defaults and --help.
 *
 * A flag wins over a variable, a variable over the file, the file over the default. */
#ifndef SERVER_OPTIONS_H
#define SERVER_OPTIONS_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"

#define OPTIONS_FILE "/etc/bobtail/server.conf"

struct options {
    const char *config;   /* path of the file */
    const char *data_dir; /* absolute */
    const char *http_listen, *agent_listen;
    const char *database; /* sqlite:FILE or postgresql://... */
    const char *node_name;
    const char *builtin_account;                                 /* "" = the server's own */
    const char *public_url;                                      /* "" = unknown */
    const char *admin_username, *admin_password, *admin_api_key; /* "" = not given */
    const char *admin_password_file, *admin_api_key_file;
    const char *metrics_token;                /* "" = none */
    const char *master_key, *master_key_file; /* "" = in the data folder */
    const char *log_level, *log_format;
    int64_t task_cap, work_threads, output_limit, task_log_limit;
    const char *sources[64]; /* where each came from: "flag", "environment", "file", "default" */
};

/** Reads flags from argv[${from}] on, the environment and the file. ERR_INVALID names the option,
 * its value and what is allowed. Texts live in ${a}. */
int options_read(int argc, char **argv, int from, struct arena *a, struct options *ret,
                 struct error *e) MUST_USE;
/** A secret that is given as ${value} or else as the first line of ${file}; "" when neither is. */
int options_secret(const char *value, const char *file, struct arena *a, const char **ret,
                   struct error *e) MUST_USE;
/** The table, for --help. */
void options_help(void);
/** Every option with its value and where it comes from; secrets as ********. */
void options_show(const struct options *o);
/** Prints the address of a database without its password. */
void options_print_url(const char *url);
/** Appends the settings file, without the lines that hold secrets; ERR_NOT_FOUND: there is none. */
int options_without_secrets(const struct options *o, struct buf *out, struct error *e) MUST_USE;
enum log_level options_log_level(const struct options *o);
enum log_format options_log_format(const struct options *o);
#endif
