/* command.h - a command of bobtail-server, and what it was called with.
 *
 * A command stands in the file of its noun and in the table of main.c. It may have flags of its
 * own and one operand; with has_settings it takes every option of options.h too. One thread. */
#ifndef SERVER_COMMAND_H
#define SERVER_COMMAND_H
#include "server/options.h"

#define COMMAND_FLAGS 8

struct command_flag {
    const char *name; /* without the -- */
    const char *unit; /* "FILE"; NULL = a switch */
    const char *help;
};

struct command_call {
    struct arena arena;  /* as long as the command runs */
    struct options o;    /* when the command has settings */
    const char *operand; /* NULL = not given */
    const struct command *command;
    const char *values[COMMAND_FLAGS]; /* in the order of the command's flags; NULL = not given */
};

struct command {
    const char *name;
    int (*run)(struct command_call *c, struct error *e); /* exit code 0, or 1 after -1 */
    bool has_settings;
    const char *operand;                      /* "FILE", or NULL: takes none */
    struct command_flag flags[COMMAND_FLAGS]; /* ends at the first without a name */
    const char *help;
};

extern const struct command command_run, command_check_config, command_show_configuration,
    command_create_admin, command_reset_password, command_show_master_key,
    command_rotate_master_key, command_backup, command_restore, command_check_integrity,
    command_migrate;

/* identity.c */
extern const struct command command_show_thumbprint, command_export_certificate,
    command_import_certificate, command_new_certificate, command_end_certificate;

/** Reads what follows the command's name: its flags and operand, then the settings. ERR_INVALID
 * names what is wrong. Texts live in ${ret}->arena, which the caller ends. */
int command_read(const struct command *command, int argc, char **argv, struct command_call *ret,
                 struct error *e) MUST_USE;
/** The value of a flag of the command, "" for a switch that was given, NULL when it was not. */
const char *command_value(const struct command_call *c, const char *flag);
/** Usage, for --help. */
void command_help(const struct command *command);
#endif
