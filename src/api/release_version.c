/* release_version.c - see release_version.h.
 *
 * A template knows #{Octopus.Version.LastMajor} ... and the older form of a mask: a part that is
 * just "i" counts up, one that is just "c" stays. Before the first release the last version is
 * 0.0.0. */
#include "api/release_version.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "model/resource.h"
#include "store/document.h"
#include "template/variables.h"

enum { PARTS = 4, VERSION_MAX = 200 };
static const char *const part_names[PARTS] = {"Major", "Minor", "Patch", "Revision"};

struct version {
    int64_t part[PARTS];
    const char *suffix;
};

int release_version_check(const char *version, const char *member, struct error *e)
{
    size_t n = strlen(version);

    if (n && n <= VERSION_MAX &&
        strspn(version, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-+_") ==
            n &&
        strpbrk(version, "0123456789"))
        return 0;
    return fail_at(e, member,
                   "%s: \"%.60s\" is no version: letters, digits and . - + _ with a digit among "
                   "them, at most %d",
                   member, version, VERSION_MAX);
}

static struct version parse(const char *s)
{
    struct version v = {{0}, ""};

    for (size_t i = 0; i < PARTS && isdigit((unsigned char)*s); i++) {
        size_t n = strspn(s, "0123456789");
        char digits[20] = {0};
        if (n < sizeof(digits)) memcpy(digits, s, n);
        (void)str_i64(digits, 0, INT64_MAX - 1, &v.part[i]);
        s += n;
        if (*s != '.') break;
        s++;
    }
    v.suffix = *s == '-' ? s + 1 : "";
    return v;
}

/* The version of the newest release of the project, in one channel when given; "0.0.0" before the
 * first. */
static int last_version(struct db_tx *tx, struct call *c, const char *project_id,
                        const char *channel_id, struct version *ret, struct error *e)
{
    struct document_filter in_channel = {"ChannelId", &channel_id, 1};
    struct document_query q = {.kind = release_resource.kind,
                               .space_id = c->space_id,
                               .owner_id = project_id,
                               .filters = &in_channel,
                               .n_filters = channel_id ? 1 : 0,
                               .order = DOCUMENT_BY_ID_DESC,
                               .take = 1,
                               .without_body = true};
    struct document_page page;

    if (document_list(tx, &q, c->arena, &page, e) < 0) return -1;
    *ret = parse(page.n ? page.items[0].name : "0.0.0");
    return 0;
}

static void set_version(struct call *c, struct variables *v, const char *prefix,
                        const struct version *last)
{
    for (size_t i = 0; i < PARTS; i++) {
        variables_set(v, arena_fmt(c->arena, "Octopus.Version.%sLast%s", prefix, part_names[i]),
                      arena_fmt(c->arena, "%lld", (long long)last->part[i]), false);
        variables_set(v, arena_fmt(c->arena, "Octopus.Version.%sNext%s", prefix, part_names[i]),
                      arena_fmt(c->arena, "%lld", (long long)last->part[i] + 1), false);
    }
    variables_set(v, arena_fmt(c->arena, "Octopus.Version.%sLastSuffix", prefix), last->suffix,
                  false);
}

static void set_date(struct call *c, struct variables *v)
{
    time_t now = (time_t)(clock_now(call_app(c)->clock) / 1000);
    struct tm at;

    gmtime_r(&now, &at);
    variables_set(v, "Octopus.Date.Year", arena_fmt(c->arena, "%d", at.tm_year + 1900), false);
    variables_set(v, "Octopus.Date.Month", arena_fmt(c->arena, "%d", at.tm_mon + 1), false);
    variables_set(v, "Octopus.Date.Day", arena_fmt(c->arena, "%d", at.tm_mday), false);
    variables_set(v, "Octopus.Date.DayOfYear", arena_fmt(c->arena, "%d", at.tm_yday + 1), false);
    variables_set(v, "Octopus.Time.Hour", arena_fmt(c->arena, "%d", at.tm_hour), false);
    variables_set(v, "Octopus.Time.Minute", arena_fmt(c->arena, "%d", at.tm_min), false);
    variables_set(v, "Octopus.Time.Second", arena_fmt(c->arena, "%d", at.tm_sec), false);
}

/* The project's own variables that have neither scope nor secret. */
static int set_own(struct db_tx *tx, struct call *c, const json_t *project, struct variables *v,
                   struct error *e)
{
    json_auto_t *set = NULL;
    const json_t *one;
    struct document d;
    size_t i;

    if (document_get(tx, variable_set_resource.kind, jv_str(project, "VariableSetId", ""), c->arena,
                     &d, e) < 0 ||
        document_json(&d, &set, e) < 0)
        return -1;
    json_array_foreach (jv_get(set, "Variables"), i, one)
        if (json_is_string(jv_get(one, "Value")) && !jv_bool(one, "IsSensitive", false) &&
            json_object_size(jv_get(one, "Scope")) == 0)
            variables_set(v, jv_str(one, "Name", ""), jv_str(one, "Value", ""), false);
    return 0;
}

/* "1.2.i" after 1.2.4 is 1.2.5, after 1.1.9 it is 1.2.0. */
static const char *fill_mask(struct call *c, const char *mask, const struct version *last)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(4 * KiB);
    size_t tail = strcspn(mask, "-+");
    struct str rest = {mask, tail}, part;
    bool same = true;

    for (size_t i = 0; str_cut(&rest, '.', &part); i++) {
        int64_t before = i < PARTS ? last->part[i] : 0, n = -1;
        if (str_eq(part, "i")) n = same ? before + 1 : 0;
        else if (str_eq(part, "c")) n = before;
        buf_adds(&out, i ? "." : "");
        if (n < 0) buf_add(&out, part.p, part.n);
        else buf_addf(&out, "%lld", (long long)n);
        same = same && n < 0 &&
               str_i64(arena_strndup(c->arena, part.p, part.n), 0, INT64_MAX, &n) && n == before;
    }
    buf_adds(&out, mask + tail);
    return arena_strndup(c->arena, buf_str(&out), out.n);
}

int release_version_next(struct db_tx *tx, struct call *c, const json_t *project,
                         const json_t *channel, const char **ret, struct error *e)
{
    const char *mask = jv_str(jv_get(project, "VersioningStrategy"), "Template", "");
    CLEANUP(variables_freep) struct variables *v = variables_new();
    struct version last, in_channel;
    struct template_result r = {0};

    if (last_version(tx, c, jv_str(project, "Id", ""), NULL, &last, e) < 0 ||
        last_version(tx, c, jv_str(project, "Id", ""), jv_str(channel, "Id", ""), &in_channel, e) <
            0)
        return -1;
    if (set_own(tx, c, project, v, e) < 0) return -1;
    set_version(c, v, "", &last);
    set_version(c, v, "Channel.", &in_channel);
    set_date(c, v);
    variables_set(v, "Octopus.Project.Name", jv_str(project, "Name", ""), false);
    variables_set(v, "Octopus.Release.Channel.Name", jv_str(channel, "Name", ""), false);
    if (template_evaluate(v, str_blank(mask) ? "0.0.i" : mask, c->arena, &r, e) < 0) return -1;
    if (r.text == NULL || r.missing_n || r.parse_error)
        return fail_at(e, "releaseVersion",
                       "releaseVersion: the project's versioning template \"%.100s\" yields no "
                       "version; name one",
                       mask);
    *ret = fill_mask(c, r.text, &last);
    return release_version_check(*ret, "releaseVersion", e);
}
