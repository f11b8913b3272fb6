/* main.c - bobtail-server: the table of its commands. */
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "server/command.h"

static int version(struct command_call *c, struct error *e)
{
    (void)c, (void)e;
    printf("bobtail-server %s\n", BOBTAIL_VERSION);
    return 0;
}

static const struct command command_version = {
    .name = "version", .run = version, .help = "prints the version"};

static const struct command *const commands[] = {
    &command_run,
    &command_check_config,
    &command_show_configuration,
    &command_create_admin,
    &command_reset_password,
    &command_show_master_key,
    &command_rotate_master_key,
    &command_backup,
    &command_restore,
    &command_show_thumbprint,
    &command_export_certificate,
    &command_import_certificate,
    &command_new_certificate,
    &command_end_certificate,
    &command_version,
};

static void help(void)
{
    printf("bobtail-server %s - a deployment server whose work runs on workers\n\nUsage: "
           "bobtail-server COMMAND "
           "[OPTIONS]\n\nCommands:\n",
           BOBTAIL_VERSION);
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        printf("  %-20s %s\n", commands[i]->name, commands[i]->help);
    printf("\n");
    options_help();
}

static const struct command *command_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(commands[i]->name, name) == 0) return commands[i];
    return NULL;
}

static bool asks_help(int argc, char **argv, int from)
{
    for (int i = from; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    return false;
}

/* Runs a command that has been found: the exit code. */
static int run_command(const struct command *command, int argc, char **argv)
{
    struct command_call call = {0};
    struct error e = {0};

    int r = command_read(command, argc, argv, &call, &e) < 0 ? 2 : 0;
    if (r == 0 && command->has_settings)
        log_setup(options_log_level(&call.o), options_log_format(&call.o));
    if (r == 0 && command->run(&call, &e) < 0) r = 1;
    if (r) fprintf(stderr, "bobtail-server: %s\n", e.text);
    arena_done(&call.arena);
    return r;
}

/* Exit codes: 0 done, 1 failed, 2 wrong usage. */
int main(int argc, char **argv)
{
    mallopt(M_ARENA_MAX, 2); /* many threads, little memory */
    umask(0077);
    const char *name = argc > 1 ? argv[1] : "--help";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        help();
        return argc > 1 ? 0 : 2;
    }
    const struct command *c = command_of(strcmp(name, "--version") == 0 ? "version" : name);
    if (c == NULL) {
        fprintf(stderr, "bobtail-server: there is no command \"%s\"; see bobtail-server --help\n",
                name);
        return 2;
    }
    if (asks_help(argc, argv, 2)) {
        command_help(c);
        return 0;
    }
    return run_command(c, argc, argv);
}
