/* release_packages.c - see release_packages.h. Versions are looked up in the built-in feed only; of
 * other feeds a version must be named. */
#include "api/release_packages.h"

#include <ctype.h>
#include <string.h>

#include "model/command.h"
#include "packages/version.h"
#include "rules/package_choice.h"
#include "store/package.h"

/* ---- feeds ---- */

/* The feed as a document: 1, 0 when there is none of that id, name or slug. */
static int read_feed(struct db_tx *tx, struct call *c, const char *feed_id, json_t **ret,
                     struct error *e)
{
    struct error why = {0};

    if (resource_read(tx, c, &feed_resource, NULL, feed_id, ret, &why) == 0) return 1;
    if (why.kind == ERR_NOT_FOUND) return 0;
    *e = why;
    return -1;
}

static bool is_built_in(const json_t *feed) { return str_same(text(feed, "FeedType"), "BuiltIn"); }

/* ---- choosing ---- */

struct choice {
    struct db_tx *tx;
    struct call *c;
    const json_t *channel;
    const struct package_wish *wish;
    bool *used; /* texts of the wish */
};

/* "beta.1" as an expression that finds pre-release tags which begin so. */
static const char *tag_of(struct arena *a, const char *label)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(4 * KiB);

    if (str_blank(label)) return NULL;
    buf_adds(&out, "^");
    for (; *label; label++) {
        if (!isalnum((unsigned char)*label) && *label != '-') buf_adds(&out, "\\");
        buf_add(&out, label, 1);
    }
    return arena_strndup(a, buf_str(&out), out.n);
}

/* The newest version that the channel allows. NULL, with a problem noted, when there is none. */
static int newest(struct choice *x, const struct wanted_package *w, const char **ret,
                  struct error *e)
{
    const json_t *rule = x->wish->ignore_rules ? NULL : channel_rule(x->channel, w);
    const char *label = tag_of(x->c->arena, x->wish->prerelease);
    json_auto_t *feed = NULL;
    struct package found;

    *ret = NULL;
    int known = package_resolvable(w) ? read_feed(x->tx, x->c, w->feed_id, &feed, e) : 0;
    if (known < 0) return -1;
    if (!known || !is_built_in(feed)) {
        call_problem(
            x->c,
            "Packages: versions of the package '%s' (step '%s') cannot be looked up in the "
            "feed '%s'; name one",
            w->package_id, w->step, w->feed_id);
        return 0;
    }
    int there =
        package_latest(x->tx, x->c->space_id, w->package_id, jv_str(rule, "VersionRange", NULL),
                       label ? label : jv_str(rule, "Tag", NULL), x->c->arena, &found, e);
    if (there < 0) return -1;
    if (there) *ret = found.version;
    else
        call_problem(x->c,
                     "Packages: the built-in feed has no version of the package '%s' (step '%s') "
                     "that fits; push or name one",
                     w->package_id, w->step);
    return 0;
}

/* The version for one package; NULL when a problem was noted. */
static int choose(struct choice *x, const struct wanted_package *w, const char **ret,
                  struct error *e)
{
    const struct package_wish *wish = x->wish;
    const char *named = package_named(wish->texts, w, x->used, x->c->arena);

    *ret = package_selected(wish->selected, w);
    if (*ret == NULL) *ret = named;
    if (*ret == NULL && *w->fixed) *ret = w->fixed;
    if (*ret == NULL && !str_blank(wish->version)) *ret = wish->version;
    if (*ret == NULL) return newest(x, w, ret, e);
    struct error why = {0};
    struct version v;
    if (version_parse(x->c->arena, *ret, &v, &why) < 0)
        call_problem(x->c, "Packages: package '%s': %s", w->package_id, why.text);
    return 0;
}

static json_t *selected_package(const struct wanted_package *w, const char *version)
{
    json_t *o = json_object();

    jv_set_str(o, "ActionName", w->action);
    jv_set_str(o, "PackageReferenceName", w->reference);
    jv_set_str(o, "StepName", w->step);
    jv_set_str(o, "Version", version);
    return o;
}

/* What was selected for things that the process does not have stays: it may have had them. */
static void keep_others(const json_t *selected, const struct wanted_packages *wanted, json_t *list)
{
    json_t *one;
    size_t i;

    json_array_foreach (selected, i, one) {
        json_auto_t *alone = json_array();
        bool known = false;
        json_array_append(alone, one);
        for (size_t k = 0; k < wanted->n; k++)
            known |= package_selected(alone, &wanted->items[k]) != NULL;
        if (!known) json_array_append(list, one);
    }
}

static void check_rules(struct choice *x, const struct wanted_package *w, const char *version)
{
    const char *why =
        x->wish->ignore_rules ? NULL : channel_refusal(x->channel, w, version, x->c->arena);

    if (why)
        call_problem(x->c, "Packages: the channel '%s' does not allow this: %s",
                     text(x->channel, "Name"), why);
}

int packages_choose(struct db_tx *tx, struct call *c, const json_t *process, const json_t *channel,
                    const struct package_wish *wish, json_t **ret, struct error *e)
{
    struct wanted_packages wanted =
        packages_wanted(process, channel ? text(channel, "Id") : NULL, c->arena);
    size_t n_texts = json_array_size(wish->texts);
    struct choice x = {tx, c, channel, wish, ARENA_NEW(c->arena, bool, n_texts + 1)};
    json_auto_t *list = json_array();

    memset(x.used, 0, n_texts + 1);
    json_decref(c->errors);
    c->errors = NULL;
    for (size_t i = 0; i < wanted.n; i++) {
        const char *version;
        if (choose(&x, &wanted.items[i], &version, e) < 0) return -1;
        if (version == NULL) continue;
        check_rules(&x, &wanted.items[i], version);
        jv_push(list, selected_package(&wanted.items[i], version));
    }
    for (size_t i = 0; i < n_texts; i++)
        if (!x.used[i])
            call_problem(c,
                         "Packages: '%s' names no package of the process: want Package:Version, "
                         "Step:Version or Step:Package:Version",
                         json_string_value(json_array_get(wish->texts, i)));
    if (call_problems(c, e) < 0) return -1;
    keep_others(wish->selected, &wanted, list);
    *ret = TAKE(list);
    return 0;
}

/* ---- the package that names releases ---- */

/* The action of a step or action id, for old clients. */
static const char *action_of(const json_t *process, const char *id)
{
    const json_t *step, *action;
    size_t i, k;

    json_array_foreach (jv_get(process, "Steps"), i, step)
        json_array_foreach (jv_get(step, "Actions"), k, action)
            if (strcmp(text(action, "Id"), id) == 0 || strcmp(text(step, "Id"), id) == 0)
                return text(action, "Name");
    return NULL;
}

/* {DeploymentAction, PackageReference} of the project's donor. NULL = it has none. New reference.
 */
static json_t *donor_of(const json_t *project, const json_t *process)
{
    const json_t *strategy = jv_get(project, "VersioningStrategy");
    json_t *donor = jv_get(strategy, "DonorPackage");
    const char *id = text(strategy, "DonorPackageStepId"), *action;

    if (!str_blank(text(donor, "DeploymentAction"))) return json_incref(donor);
    if (str_blank(id) || (action = action_of(process, id)) == NULL) return NULL;
    json_t *o = json_object();
    jv_set_str(o, "DeploymentAction", action);
    return o;
}

int packages_donor(struct call *c, const json_t *project, const json_t *process,
                   const json_t *selected, const char *member, const char **ret, struct error *e)
{
    struct wanted_packages wanted = packages_wanted(process, NULL, c->arena);
    json_auto_t *donor = donor_of(project, process);

    *ret = NULL;
    if (donor == NULL) return 0;
    for (size_t i = 0; i < wanted.n && *ret == NULL; i++)
        if (package_meant(donor, &wanted.items[i]))
            *ret = package_selected(selected, &wanted.items[i]);
    if (*ret == NULL)
        return fail_at(e, member,
                       "%s: releases of '%s' are named by a package of the step '%s', which has no "
                       "version here; name one",
                       member, text(project, "Name"), text(donor, "DeploymentAction"));
    *ret = arena_strdup(c->arena, *ret);
    return 0;
}

void packages_name_donor(struct call *c, const json_t *project, const json_t *process,
                         json_t *template)
{
    struct wanted_packages wanted = packages_wanted(process, NULL, c->arena);
    json_auto_t *donor = donor_of(project, process);

    jv_set_str(template, "VersioningPackageStepName", NULL);
    jv_set_str(template, "VersioningPackageReferenceName", NULL);
    for (size_t i = 0; donor && i < wanted.n; i++) {
        if (!package_meant(donor, &wanted.items[i])) continue;
        jv_set_str(template, "VersioningPackageStepName", wanted.items[i].step);
        jv_set_str(template, "VersioningPackageReferenceName", wanted.items[i].reference);
        return;
    }
}

/* ---- what clients are asked for ---- */

static int add_template(struct db_tx *tx, struct call *c, const struct wanted_package *w,
                        const json_t *last, json_t *list, struct error *e)
{
    json_auto_t *feed = NULL;
    int known = package_resolvable(w) ? read_feed(tx, c, w->feed_id, &feed, e) : 0;

    if (known < 0) return -1;
    const char *feed_id = known ? text(feed, "Id") : w->feed_id;
    json_t *o = json_object();
    jv_set_str(o, "ActionName", w->action);
    jv_set_str(o, "StepName", w->step);
    jv_set_str(o, "PackageReferenceName", w->reference);
    jv_set_str(o, "PackageId", w->package_id);
    jv_set_str(o, "NuGetPackageId", w->package_id);
    jv_set_str(o, "FeedId", feed_id);
    jv_set_str(o, "NuGetFeedId", feed_id);
    jv_set_str(o, "FeedName", known ? text(feed, "Name") : NULL);
    jv_set_str(o, "NuGetFeedName", known ? text(feed, "Name") : NULL);
    jv_set_str(o, "FixedVersion", *w->fixed ? w->fixed : NULL);
    jv_set_str(o, "VersionSelectedLastRelease", package_selected(last, w));
    jv_set_bool(o, "IsResolvable", known);
    jv_push(list, o);
    return 0;
}

int packages_template(struct db_tx *tx, struct call *c, const json_t *process,
                      const char *channel_id, const json_t *last, json_t **ret, struct error *e)
{
    struct wanted_packages wanted = packages_wanted(process, channel_id, c->arena);
    json_auto_t *list = json_array();

    for (size_t i = 0; i < wanted.n; i++)
        if (add_template(tx, c, &wanted.items[i], last, list, e) < 0) return -1;
    *ret = TAKE(list);
    return 0;
}

/* ---- what is missing ---- */

static int add_missing(struct db_tx *tx, struct call *c, const struct wanted_package *w,
                       const json_t *selected, json_t *list, struct error *e)
{
    const char *version = package_selected(selected, w);
    json_auto_t *feed = NULL;
    struct package found;
    struct version v;

    if (version == NULL || !package_resolvable(w)) return 0;
    int known = read_feed(tx, c, w->feed_id, &feed, e);
    if (known <= 0 || !is_built_in(feed)) return known < 0 ? -1 : 0;
    if (version_parse(c->arena, version, &v, e) < 0) return -1;
    int there = package_find(tx, c->space_id, w->package_id, v.key, c->arena, &found, e);
    if (there) return there < 0 ? -1 : 0;
    json_t *o = json_object();
    jv_set_str(o, "Id", w->package_id);
    jv_set_str(o, "Version", version);
    jv_push(list, o);
    return 0;
}

static int missing_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;
    json_auto_t *release = NULL, *process = NULL;
    json_t *list = json_array();
    struct document d;

    json_decref(c->out);
    c->out = json_object();
    jv_set(c->out, "Packages", list);
    if (resource_find(tx, c, NULL, &release, e) < 0 ||
        document_get(tx, deployment_process_resource.kind,
                     text(release, "ProjectDeploymentProcessSnapshotId"), c->arena, &d, e) < 0 ||
        document_json(&d, &process, e) < 0)
        return -1;
    struct wanted_packages wanted = packages_wanted(process, text(release, "ChannelId"), c->arena);
    for (size_t i = 0; i < wanted.n; i++)
        if (add_missing(tx, c, &wanted.items[i], jv_get(release, "SelectedPackages"), list, e) < 0)
            return -1;
    return 0;
}

static int missing_packages(struct call *c, struct error *e)
{
    return db_read(call_app(c)->db, missing_tx, c, e);
}

static const struct route rows[] = {
    {"GET", "/api/{space}/releases/{id}/missingpackages", missing_packages, "ReleaseView",
     .out = missing_packages_fields, .out_name = "MissingPackages",
     .doc = "packages of the release that are not in the built-in feed"},
};
const struct route_table release_package_routes = {rows, ARRAY_LEN(rows)};
