/* builtin_environment.h - the environment of the built-in worker's scripts. */
#ifndef FLEET_BUILTIN_ENVIRONMENT_H
#define FLEET_BUILTIN_ENVIRONMENT_H

struct builtin_place {
    const char *path, *home; /* PATH and HOME */
    const char *user;        /* account of the scripts; NULL = the server's own */
    const char *tools;       /* what scripts know as the agent's home */
    const char *step;        /* the executor, where the agent's programs are */
};

/** What each script sees, as "NAME=value", NULL-terminated; the caller frees list and texts. It is
 * small and known: nothing of the server's own environment but the language, the time zone and the
 * proxies, and beside it what a Tentacle gives its scripts. */
char **builtin_environment(const struct builtin_place *p);
#endif
