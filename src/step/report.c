/* report.c - what a step says about itself before the script starts. Starts no program and asks no
 * name service. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/str.h"
#include "base/vec.h"
#include "step/step.h"

void report_environment(struct step *s)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(64 * KiB);
    struct utsname os = {0};
    cpu_set_t cpus;
    char folder[4096] = "";
    const char *suppress =
        variables_get_raw(s->variables, "Octopus.Action.Script.SuppressEnvironmentLogging");

    if (suppress && strcmp(suppress, "True") == 0) return;
    uname(&os);
    const char *user = getenv("USER"), *temporary = getenv("TMPDIR");
    buf_addf(&text, "%s environment information:\n", s->shell->syntax);
    buf_addf(&text, "  Operating system: %s %s %s\n", os.sysname, os.release, os.machine);
    buf_addf(&text, "  Host name: %s\n", os.nodename);
    buf_addf(&text, "  User: %s%s%ld\n", user ? user : "", user ? ", uid " : "uid ",
             (long)getuid());
    if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
        buf_addf(&text, "  Processors: %d\n", CPU_COUNT(&cpus));
    if (getcwd(folder, sizeof(folder))) buf_addf(&text, "  Current directory: %s\n", folder);
    buf_addf(&text, "  Temporary directory: %s\n", temporary ? temporary : "/tmp");
    buf_addf(&text, "  Process: %ld, bobtail-step " BOBTAIL_VERSION, (long)getpid());
    step_say(s, "verbose", buf_str(&text));
}

static int by_name(const void *a, const void *b)
{
    const struct variable *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static void print_all(struct step *s, bool evaluated)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(64 * MiB);
    VEC(const struct variable *) all = {0};
    const struct variable *x;

    for (size_t at = 0; (x = variables_each(s->variables, &at)) != NULL;)
        if (strstr(x->name, "CustomScripts.") == NULL) VEC_PUSH(&all, x);
    if (all.n) qsort(all.items, all.n, sizeof(*all.items), by_name);
    buf_addf(&text, "The following %svariables are available:", evaluated ? "evaluated " : "");
    for (size_t i = 0; i < all.n; i++) {
        const char *value = all.items[i]->value;
        if (evaluated &&
            variables_get(s->variables, all.items[i]->name, &s->arena, &value, NULL) < 0)
            value = all.items[i]->value;
        if (all.items[i]->sensitive) value = "********";
        buf_addf(&text, "\n[%s] = '%s'", all.items[i]->name, value ? value : "");
    }
    VEC_DONE(&all);
    step_say(s, "verbose", buf_str(&text));
}

/* There is no key in the work folder, and nothing that is sealed with it. */
static void refuse_copy(struct step *s)
{
    const char *name = "Octopus.Calamari.CopyWorkingDirectoryIncludingKeyTo";

    if (str_blank(variables_get_raw(s->variables, name))) return;
    step_say(s, "warning",
             arena_fmt(&s->arena, "%s is not supported here: the work folder is not copied", name));
}

void report_variables(struct step *s)
{
    static const char *const flags[] = {"OctopusPrintVariables", "OctopusPrintEvaluatedVariables"};

    refuse_copy(s);
    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        if (!variables_flag(s->variables, flags[i], false)) continue;
        step_say(s, "warning",
                 arena_fmt(&s->arena,
                           "%s is enabled. This should only be used for debugging "
                           "problems with variables, and then disabled again",
                           flags[i]));
        print_all(s, i == 1);
    }
}
