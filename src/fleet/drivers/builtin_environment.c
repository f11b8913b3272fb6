/* builtin_environment.c - see builtin_environment.h. */
#include "fleet/drivers/builtin_environment.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/vec.h"

typedef VEC(char *) texts;

static void add(texts *out, const char *name, const char *value)
{
    if (value) VEC_PUSH(out, xasprintf("%s=%s", name, value));
}

/* Loading a locale costs a script time, but it is what its messages and its sorting are in. */
static void add_language(texts *out)
{
    static const char *const names[] = {"LANG", "LANGUAGE", "TZ"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) add(out, names[i], getenv(names[i]));
    for (char **v = environ; *v; v++)
        if (strncmp(*v, "LC_", 3) == 0) VEC_PUSH(out, xstrdup(*v));
}

/* Programs disagree about the case of these names: what is there in one is there in both. */
static void add_proxies(texts *out)
{
    static const char *const names[][2] = {
        {"HTTP_PROXY", "http_proxy"}, {"HTTPS_PROXY", "https_proxy"}, {"NO_PROXY", "no_proxy"}};

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        for (int k = 0; k < 2; k++) {
            const char *value = getenv(names[i][k]), *twin = getenv(names[i][!k]);
            add(out, names[i][k], value ? value : twin);
        }
}

static void add_user(texts *out, const char *user)
{
    if (user == NULL) user = getenv("USER");
    add(out, "USER", user);
    add(out, "LOGNAME", user);
}

static void add_agent(texts *out, const struct builtin_place *p)
{
    const char *slash = strrchr(p->step, '/');
    CLEANUP(freep) char *programs = xstrndup(p->step, slash ? (size_t)(slash - p->step) : 0);
    CLEANUP(freep) char *applications = xasprintf("%s/Applications", p->tools);
    CLEANUP(freep) char *journal = xasprintf("%s/DeploymentJournal.xml", p->tools);
    CLEANUP(freep) char *packages = xasprintf("%s/PackageRetentionJournal.json", p->tools);

    add(out, "BOBTAIL_TOOLS", p->tools);
    add(out, "TentacleHome", p->tools);
    add(out, "TentacleApplications", applications);
    add(out, "TentacleJournal", journal);
    add(out, "CalamariPackageRetentionJournalPath", packages);
    add(out, "TentacleInstanceName", "Built-in");
    add(out, "TentacleVersion", BOBTAIL_VERSION);
    add(out, "TentacleExecutablePath", p->step);
    add(out, "TentacleProgramDirectoryPath", programs);
    add(out, "AgentProgramDirectoryPath", programs);
    add(out, "TentacleUseDefaultProxy", "True");
}

char **builtin_environment(const struct builtin_place *p)
{
    texts out = {0};

    add(&out, "PATH", p->path);
    add(&out, "HOME", p->home);
    add_user(&out, p->user);
    add_language(&out);
    add_proxies(&out);
    add_agent(&out, p);
    VEC_PUSH(&out, NULL);
    return out.items;
}
