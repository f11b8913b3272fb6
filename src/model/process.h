/* process.h - a deployment or runbook process: the document of the API as C structs that rules can
 * read.
 *
 * The document (rest.md 2.12) stays the truth, with all members that only clients use; these
 * structs are a view of it. Their strings are borrowed from the document, their arrays lie in the
 * arena: both must outlive the view. Nothing is evaluated here: properties may hold `#{...}`. Any
 * thread, one thread per value. */
#ifndef MODEL_PROCESS_H
#define MODEL_PROCESS_H
#include <stdbool.h>

#include "base/arena.h"
#include "base/json.h"

#define PROCESS_NAME_MAX 200 /* characters, of steps and actions */

enum run_condition {
    CONDITION_SUCCESS,  /* only while nothing before it has failed */
    CONDITION_FAILURE,  /* only after something before it has failed; steps only */
    CONDITION_ALWAYS,   /* steps only */
    CONDITION_VARIABLE, /* when its expression is true, whatever happened before */
};
enum start_trigger { START_AFTER_PREVIOUS, START_WITH_PREVIOUS };

struct process_property {
    const char *name;
    const char *value; /* text; booleans are True or False; NULL when null or sensitive */
    bool sensitive;    /* the document holds an object {HasValue, ...} here */
};
struct process_texts { /* a list of ids */
    const char *const *items;
    size_t n;
};
struct process_properties {
    const struct process_property *items;
    size_t n;
};

struct process_action {
    const char *id, *name, *slug;
    const char *type;                 /* Octopus.Script, ... */
    bool disabled;                    /* IsDisabled */
    bool required;                    /* IsRequired: a person cannot skip it */
    enum run_condition condition;     /* CONDITION_SUCCESS or CONDITION_VARIABLE */
    const char *worker_pool_id;       /* id, name or slug; NULL when absent, null or "" */
    const char *worker_pool_variable; /* name of a variable; NULL when absent, null or "" */
    const char *container_image;      /* NULL when none */
    struct process_texts environments, excluded_environments, channels, tenant_tags;
    struct process_properties properties;
};

struct process_step {
    const char *id, *name, *slug;
    enum run_condition condition;
    enum start_trigger trigger;
    struct process_properties properties;
    const struct process_action *actions;
    size_t n_actions;
};

struct process {
    const char *id;
    int64_t version;
    const struct process_step *steps;
    size_t n_steps;
};

/** Receives one thing that is wrong: ${where} is a JSON pointer (/Steps/0/Name), ${text} a sentence
 * that names the step and the value. Both live for the call only. */
typedef void process_problem(void *ctx, const char *where, const char *text);

/** Reads ${document} into ${ret}. Steps and actions need names, unique in the process ignoring case
 * (Octopus.Action[name] names one action), and actions a type; enums must be known and members have
 * their type; what is absent or null has its default; unknown members are ignored. Each problem
 * goes to ${report} (may be NULL); ERR_INVALID with the first one and its pointer. Whether pools,
 * environments and channels exist is not asked here. */
int process_parse(const json_t *document, struct arena *a, struct process *ret,
                  process_problem *report, void *ctx, struct error *e) MUST_USE;

/** Text of a property, by name ignoring case; NULL when absent, null or sensitive. */
const char *process_property(const struct process_properties *properties, const char *name);

/** The expression of CONDITION_VARIABLE; "" when there is none (which is never true). */
const char *process_step_expression(const struct process_step *step);
const char *process_action_expression(const struct process_action *action);

/** "Success", "Failure", "Always", "Variable". */
const char *run_condition_name(enum run_condition c);
bool run_condition_of(const char *name, enum run_condition *ret); /* ignores case */
/** "StartAfterPrevious", "StartWithPrevious". */
const char *start_trigger_name(enum start_trigger t);
bool start_trigger_of(const char *name, enum start_trigger *ret);
#endif
