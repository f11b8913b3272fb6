/* package_choice.c - see package_choice.h. */
#include "rules/package_choice.h"

#include <string.h>

#include "base/str.h"
#include "packages/tag.h"
#include "packages/version.h"

/* ---- what a process wants ---- */

static const char *property(const json_t *action, const char *name)
{
    return jv_str(jv_get(action, "Properties"), name, "");
}

static bool runs_in(const json_t *action, const char *channel_id)
{
    const json_t *channels = jv_get(action, "Channels");

    if (jv_bool(action, "IsDisabled", false)) return false;
    return channel_id == NULL || json_array_size(channels) == 0 || jv_has(channels, channel_id);
}

static bool is_chosen_later(const json_t *package)
{
    return str_same(jv_str(jv_get(package, "Properties"), "SelectionMode", ""), "deferred");
}

typedef ARENA_LIST(struct wanted_package) wanted_list;

static void add_packages(const json_t *step, const json_t *action, struct arena *a,
                         wanted_list *list)
{
    struct wanted_package w = {.step = jv_str(step, "Name", ""),
                               .action = jv_str(action, "Name", "")};
    const json_t *packages = jv_get(action, "Packages"), *one;
    size_t i;

    json_array_foreach (packages, i, one) {
        if (is_chosen_later(one)) continue;
        w.reference = jv_str(one, "Name", "");
        w.package_id = jv_str(one, "PackageId", "");
        w.feed_id = jv_str(one, "FeedId", "");
        w.fixed = jv_str(one, "Version", "");
        *ARENA_ADD(a, list) = w;
    }
    w.reference = w.fixed = "";
    w.package_id = property(action, "Octopus.Action.Package.PackageId");
    w.feed_id = property(action, "Octopus.Action.Package.FeedId");
    if (json_array_size(packages) == 0 && *w.package_id) *ARENA_ADD(a, list) = w;
}

struct wanted_packages packages_wanted(const json_t *process, const char *channel_id,
                                       struct arena *a)
{
    wanted_list list = {0};
    const json_t *step, *action;
    size_t i, k;

    json_array_foreach (jv_get(process, "Steps"), i, step)
        json_array_foreach (jv_get(step, "Actions"), k, action)
            if (runs_in(action, channel_id)) add_packages(step, action, a, &list);
    return (struct wanted_packages){list.items, list.n};
}

bool package_resolvable(const struct wanted_package *w)
{
    return *w->package_id && *w->feed_id && strstr(w->package_id, "#{") == NULL &&
           strstr(w->feed_id, "#{") == NULL;
}

/* ---- what was asked for ---- */

static bool is_step(const struct wanted_package *w, const char *name)
{
    return str_same(name, w->action) || str_same(name, w->step);
}

static bool is_package(const struct wanted_package *w, const char *name)
{
    return str_same(name, w->package_id) || str_same(name, w->reference);
}

const char *package_selected(const json_t *list, const struct wanted_package *w)
{
    const json_t *one;
    size_t i;

    json_array_foreach (list, i, one) {
        const char *action = jv_str(one, "ActionName", ""), *step = jv_str(one, "StepName", "");
        const char *version = jv_str(one, "Version", "");
        if (*version && is_step(w, *action ? action : step) &&
            str_same(jv_str(one, "PackageReferenceName", ""), w->reference))
            return version;
    }
    return NULL;
}

/* A text of a command in its parts; the version is the last one. */
struct named {
    const char *step, *package, *version; /* step NULL: the only name may be either */
};

static bool parse(const char *text, struct arena *a, struct named *ret)
{
    char *copy = arena_strdup(a, text), *last = strrchr(copy, ':');

    if (last == NULL || last == copy || last[1] == '\0') return false;
    *last = '\0';
    *ret = (struct named){.package = copy, .version = last + 1};
    char *between = strchr(copy, ':');
    if (between == NULL) return true;
    *between = '\0';
    ret->step = copy;
    ret->package = between + 1;
    return true;
}

static bool is_any(const char *name) { return strcmp(name, "*") == 0; }

/* How much the text says of the package: 0 = nothing, more is more. */
static int weight(const struct named *n, const struct wanted_package *w)
{
    if (n->step == NULL) {
        if (is_any(n->package)) return 1;
        return is_package(w, n->package) || is_step(w, n->package) ? 2 : 0;
    }
    bool step = is_step(w, n->step), package = is_package(w, n->package);
    if ((!step && !is_any(n->step)) || (!package && !is_any(n->package) && *n->package)) return 0;
    return 1 + 2 * step + 2 * package;
}

const char *package_named(const json_t *texts, const struct wanted_package *w, bool *used,
                          struct arena *a)
{
    const char *found = NULL;
    const json_t *one;
    int best = 0;
    size_t i;

    json_array_foreach (texts, i, one) {
        struct named n;
        int much = parse(json_string_value(one), a, &n) ? weight(&n, w) : 0;
        if (much == 0) continue;
        used[i] = true;
        if (much < best) continue;
        best = much;
        found = n.version;
    }
    return found;
}

/* ---- channels ---- */

bool package_meant(const json_t *reference, const struct wanted_package *w)
{
    return is_step(w, jv_str(reference, "DeploymentAction", "")) &&
           str_same(jv_str(reference, "PackageReference", ""), w->reference);
}

static bool is_about(const json_t *rule, const struct wanted_package *w)
{
    const json_t *one;
    size_t i;

    json_array_foreach (jv_get(rule, "ActionPackages"), i, one)
        if (package_meant(one, w)) return true;
    json_array_foreach (jv_get(rule, "Actions"), i, one)
        if (w->reference[0] == '\0' && is_step(w, json_string_value(one))) return true;
    return false;
}

const json_t *channel_rule(const json_t *channel, const struct wanted_package *w)
{
    const json_t *rule;
    size_t i;

    json_array_foreach (jv_get(channel, "Rules"), i, rule)
        if (is_about(rule, w)) return rule;
    return NULL;
}

int channel_rule_test(const char *version, const char *range, const char *tag, bool *ret_range,
                      bool *ret_tag, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    CLEANUP(version_tag_freep) struct version_tag *t = NULL;
    struct version_range r;
    struct version v;

    if (version_parse(&a, version, &v, e) < 0 || version_range_parse(&a, range, &r, e) < 0 ||
        version_tag_parse(tag, &t, e) < 0)
        return -1;
    *ret_range = version_range_has(&r, &v);
    *ret_tag = version_tag_matches(t, &v);
    return 0;
}

static const char *refusal(const json_t *rule, const struct wanted_package *w, const char *version,
                           struct arena *a)
{
    const char *range = jv_str(rule, "VersionRange", ""), *tag = jv_str(rule, "Tag", "");
    struct error why = {0};
    bool in_range, has_tag;

    if (channel_rule_test(version, range, tag, &in_range, &has_tag, &why) < 0)
        return arena_strdup(a, why.text);
    if (!in_range)
        return arena_fmt(a, "%s of the package '%s' (step '%s') is not in the range %s", version,
                         w->package_id, w->step, range);
    if (!has_tag)
        return arena_fmt(a, "%s of the package '%s' (step '%s') does not match the tag %s", version,
                         w->package_id, w->step, tag);
    return NULL;
}

const char *channel_refusal(const json_t *channel, const struct wanted_package *w,
                            const char *version, struct arena *a)
{
    const json_t *rule;
    size_t i;

    json_array_foreach (jv_get(channel, "Rules"), i, rule) {
        const char *why = is_about(rule, w) ? refusal(rule, w, version, a) : NULL;
        if (why) return why;
    }
    return NULL;
}
