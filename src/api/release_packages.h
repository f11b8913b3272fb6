/* release_packages.h - the packages of releases and snapshots: which versions they get, what
 * clients are asked for, what is missing. The rules are in rules/package_choice.h. */
#ifndef API_RELEASE_PACKAGES_H
#define API_RELEASE_PACKAGES_H
#include "api/resource.h"

/** What was asked for; NULL = nothing. */
struct package_wish {
    const json_t *texts;    /* "Package:1.0", "Step:Package:1.0" of a command */
    const json_t *selected; /* SelectedPackages of a document */
    const char *version;    /* for all that nothing else names */
    const char *prerelease; /* label that the newest version must have */
    bool ignore_rules;      /* of the channel */
};
/** Chooses a version for each package that ${process} wants in ${channel} (NULL = no channel): as
 * asked for, else as the process says, else the newest one in the built-in feed that the channel's
 * rules allow. *${ret}: SelectedPackages, a new reference. ERR_INVALID with all that is wrong in
 * the call's errors: no version, one that the rules forbid, a text that names no package. */
int packages_choose(struct db_tx *tx, struct call *c, const json_t *process, const json_t *channel,
                    const struct package_wish *wish, json_t **ret, struct error *e) MUST_USE;
/** The version of the package that names the project's releases (its donor), among those chosen;
 * NULL when it has none. ERR_INVALID when the donor has no version. */
int packages_donor(struct call *c, const json_t *project, const json_t *process,
                   const json_t *selected, const char *member, const char **ret,
                   struct error *e) MUST_USE;
/** What templates show of each package; ${last}: SelectedPackages of the newest release or
 * snapshot, may be NULL. New reference. */
int packages_template(struct db_tx *tx, struct call *c, const json_t *process,
                      const char *channel_id, const json_t *last, json_t **ret,
                      struct error *e) MUST_USE;
/** Sets VersioningPackageStepName and VersioningPackageReferenceName of ${template}. */
void packages_name_donor(struct call *c, const json_t *project, const json_t *process,
                         json_t *template);
#endif
