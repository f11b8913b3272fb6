/* command.c - see command.h. */
#include "server/command.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

static size_t flag_place(const struct command *c, const char *name, size_t n)
{
    size_t i = 0;

    while (i < COMMAND_FLAGS && c->flags[i].name &&
           (strlen(c->flags[i].name) != n || memcmp(c->flags[i].name, name, n) != 0))
        i++;
    return i < COMMAND_FLAGS && c->flags[i].name ? i : COMMAND_FLAGS;
}

const char *command_value(const struct command_call *c, const char *flag)
{
    size_t place = flag_place(c->command, flag, strlen(flag));

    ASSERT(place < COMMAND_FLAGS);
    return c->values[place];
}

/* One flag of the command at argv[*i]; *i is then at its last word. */
static int read_flag(struct command_call *c, size_t place, int argc, char **argv, int *i,
                     struct error *e)
{
    const struct command_flag *f = &c->command->flags[place];
    const char *equals = strchr(argv[*i], '=');

    if (f->unit == NULL && equals) return fail(e, ERR_INVALID, "--%s takes no value", f->name);
    if (f->unit && equals == NULL && *i + 1 >= argc)
        return fail(e, ERR_INVALID, "--%s needs a value", f->name);
    c->values[place] = f->unit == NULL ? "" : equals ? equals + 1 : argv[++*i];
    if (f->unit && c->values[place][0] == '\0')
        return fail(e, ERR_INVALID, "--%s needs a value", f->name);
    return 0;
}

/* Takes the command's own words out; the rest are settings, which all have a value. */
static int read_own(struct command_call *c, int argc, char **argv, char **rest, int *ret_n,
                    struct error *e)
{
    int n = 0;

    for (int i = 2; i < argc; i++) {
        const char *name = argv[i] + 2;
        bool is_flag = str_starts(argv[i], "--");
        size_t place = is_flag ? flag_place(c->command, name, strcspn(name, "=")) : COMMAND_FLAGS;
        if (place < COMMAND_FLAGS) {
            if (read_flag(c, place, argc, argv, &i, e) < 0) return -1;
        } else if (!is_flag && c->command->operand && c->operand == NULL) {
            c->operand = argv[i];
        } else {
            rest[n++] = argv[i];
            if (is_flag && strchr(argv[i], '=') == NULL && i + 1 < argc) rest[n++] = argv[++i];
        }
    }
    *ret_n = n;
    return 0;
}

int command_read(const struct command *command, int argc, char **argv, struct command_call *ret,
                 struct error *e)
{
    char **rest = arena_alloc(&ret->arena, sizeof(*rest) * (size_t)argc);
    int n;

    ret->command = command;
    if (read_own(ret, argc, argv, rest, &n, e) < 0) return -1;
    if (command->has_settings) return options_read(n, rest, 0, &ret->arena, &ret->o, e);
    if (n == 0) return 0;
    return fail(e, ERR_INVALID, "%s takes no \"%s\"; see bobtail-server %s --help", command->name,
                rest[0], command->name);
}

void command_help(const struct command *command)
{
    char left[80];

    printf("Usage: bobtail-server %s%s%s [OPTIONS]\n%s\n\n", command->name,
           command->operand ? " " : "", command->operand ? command->operand : "", command->help);
    for (size_t i = 0; i < COMMAND_FLAGS && command->flags[i].name; i++) {
        const struct command_flag *f = &command->flags[i];
        snprintf(left, sizeof(left), "--%s %s", f->name, f->unit ? f->unit : "");
        printf("  %-30s %s\n", left, f->help);
    }
    if (command->flags[0].name) printf("\n");
    if (command->has_settings) options_help();
}
