/* verdict.h - what the end of a script means: status and sentence of its invocation. Pure. */
#ifndef ENGINE_VERDICT_H
#define ENGINE_VERDICT_H
#include "base/arena.h"
#include "jobs/job.h"
#include "rules/entry.h"

struct verdict_facts {
    const char *message; /* fail_step's sentence, or NULL */
    bool stderr_fails;   /* it wrote to its error output, and that counts as failure */
    bool warned;
};
/** Judges a job that is ENDED or LOST. Texts are borrowed from the arguments or lie in ${a}. */
struct outcome verdict(const struct job_status *js, const struct verdict_facts *f, struct arena *a);
#endif
