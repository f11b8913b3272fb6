/* package_choice.h - the packages that a process wants, which version of each was asked for, and
 * what the rules of a channel say of it. Pure; any thread. Texts are borrowed from the documents
 * unless an arena is given. */
#ifndef RULES_PACKAGE_CHOICE_H
#define RULES_PACKAGE_CHOICE_H
#include <stdbool.h>

#include "base/arena.h"
#include "base/json.h"

struct wanted_package {
    const char *step, *action; /* names */
    const char *reference;     /* name among the action's packages; "" = the main one */
    const char *package_id, *feed_id;
    const char *fixed; /* version that the process itself names; "" = none */
};
struct wanted_packages {
    struct wanted_package *items;
    size_t n;
};
/** Packages of the actions that can run in the channel (NULL = any), without disabled ones and
 * without packages that are chosen when the action runs. In order. */
struct wanted_packages packages_wanted(const json_t *process, const char *channel_id,
                                       struct arena *a);
/** Feed and package are named without an expression, so that versions can be looked up. */
bool package_resolvable(const struct wanted_package *w);

/** The version that ${list} (SelectedPackages) has for the package; NULL = none. */
const char *package_selected(const json_t *list, const struct wanted_package *w);
/** The version that texts of a command name for the package: "Package:1.0", "Step:1.0",
 * "Step:Package:1.0", "*:1.0", where a package is meant by its id or its name in the action. The
 * one that says most wins. NULL = none. ${used}[i] is set when text i means this package. */
const char *package_named(const json_t *texts, const struct wanted_package *w, bool *used,
                          struct arena *a);

/** Does ${reference} ({DeploymentAction, PackageReference}) mean the package? */
bool package_meant(const json_t *reference, const struct wanted_package *w);
/** The first rule of the channel (NULL = none) that is about the package; NULL. */
const json_t *channel_rule(const json_t *channel, const struct wanted_package *w);
/** Why the channel does not allow that version of the package, in ${a}; NULL = it does. */
const char *channel_refusal(const json_t *channel, const struct wanted_package *w,
                            const char *version, struct arena *a);
/** Do version and rule fit? ERR_INVALID: what is wrong with the one or the other. */
int channel_rule_test(const char *version, const char *range, const char *tag, bool *ret_range,
                      bool *ret_tag, struct error *e) MUST_USE;
#endif
