/* retention.c - which releases and runs retention keeps. */
#include "rules/retention.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/tap.h"

#define DAY ((int64_t)24 * 3600 * 1000)
#define NOW (1000 * DAY)

static json_t *parse(const char *text)
{
    struct error err = {0};
    json_t *doc = NULL;

    EXPECT_OK(jv_parse(text, strlen(text), &doc, &err));
    return doc;
}

/* "3 2 1": the numbers of the releases that are kept. Deployments are written "3a+ 2a- 1b!", newest
 * first: release, environment, succeeded, failed, runs; each a day older than the one before. */
static const char *kept(const char *lifecycle, int n, const char *deployments)
{
    static char out[200];
    json_auto_t *doc = parse(lifecycle);
    struct retention_release releases[10];
    struct retention_execution list[20];
    char ids[10][12], environments[20][2];
    size_t m = 0;

    for (int i = 0; i < n; i++) { /* newest first: n, n - 1, ... each 10 days older */
        snprintf(ids[i], sizeof(ids[i]), "%d", n - i);
        releases[i] = (struct retention_release){.id = ids[i],
                                                 .channel_id = "Channels-1",
                                                 .lifecycle = doc,
                                                 .at_ms = NOW - i * 10 * DAY};
    }
    for (const char *s = deployments; *s; s += 3 + (s[3] == ' '), m++) {
        environments[m][0] = s[1], environments[m][1] = '\0';
        list[m] = (struct retention_execution){.owner_id = ids[n - (s[0] - '0')],
                                               .id = "x",
                                               .environment_id = environments[m],
                                               .at_ms = NOW - (int64_t)m * DAY,
                                               .ended = s[2] != '!',
                                               .succeeded = s[2] == '+'};
    }
    retention_of_releases(releases, (size_t)n, list, m, NOW);
    out[0] = '\0';
    for (int i = 0; i < n; i++)
        if (releases[i].keep) {
            size_t length = strlen(out);
            snprintf(out + length, sizeof(out) - length, "%s%s", length ? " " : "", ids[i]);
        }
    return out;
}

#define ITEMS(k) "{\"Strategy\":\"Count\",\"Unit\":\"Items\",\"QuantityToKeep\":" #k "}"
#define DAYS(k) "{\"Strategy\":\"Count\",\"Unit\":\"Days\",\"QuantityToKeep\":" #k "}"
#define OF(period) "{\"ReleaseRetentionPolicy\":" period "}"
#define PHASES(own, of_a)                                                                     \
    "{\"ReleaseRetentionPolicy\":" own ",\"Phases\":[{\"OptionalDeploymentTargets\":[\"a\"]," \
    "\"ReleaseRetentionPolicy\":" of_a "},{\"AutomaticDeploymentTargets\":[\"b\"]}]}"

static const struct {
    const char *lifecycle;
    int n;
    const char *deployments, *wanted;
} rows[] = {
    {"{}", 4, "", "4 3 2 1"},
    {OF("{\"Strategy\":\"Default\"}"), 3, "", "3 2 1"},
    {OF("{\"Strategy\":\"Forever\",\"ShouldKeepForever\":true}"), 3, "1a+", "3 2 1"},
    {OF(ITEMS(2)), 4, "", "4 3"},
    {OF(DAYS(15)), 4, "", "4 3"},
    /* deployed ones count in their environment */
    {OF(ITEMS(1)), 4, "4a- 3a- 2a- 1a-", "4"},
    {OF(ITEMS(3)), 4, "4a- 3a- 2a- 1a-", "4 3 2"},
    {OF(DAYS(2)), 4, "4a- 3a- 2a- 1a-", "4 3"},
    /* what stands somewhere, and what stood there before, stays */
    {OF(ITEMS(1)), 4, "4a+ 3a+ 2a+ 1a+", "4 3"},
    {OF(ITEMS(1)), 4, "4a- 3a+ 3a+ 2a- 1a+", "4 3 1"},
    {OF(ITEMS(1)), 4, "4a+ 3a+ 2b+ 1b+", "4 3 2 1"},
    /* going back and forth makes no third one */
    {OF(ITEMS(1)), 3, "1a+ 2a+ 1a+ 3a+", "2 1"},
    /* what runs stays */
    {OF(ITEMS(1)), 3, "3a- 2a- 1a!", "3 1"},
    /* the phase of an environment decides there, whatever the lifecycle says otherwise */
    {PHASES(ITEMS(1), ITEMS(3)), 4, "4a- 3a- 2a- 1a-", "4 3 2"},
    {PHASES(ITEMS(3), ITEMS(1)), 4, "4b- 3b- 2b- 1b-", "4 3 2"},
    {PHASES(ITEMS(3), "null"), 4, "4a- 3a- 2a- 1a-", "4 3 2"},
    /* one environment that keeps it is enough */
    {PHASES(ITEMS(1), ITEMS(9)), 3, "3b- 2b- 2a- 1b-", "3 2"},
    /* releases that went nowhere count for themselves */
    {OF(ITEMS(1)), 4, "2a+ 1a-", "4 2"},
    {OF(ITEMS(0)), 2, "", ""},
};

TEST(a_release_is_kept_while_something_wants_it)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        EXPECT_STR(kept(rows[i].lifecycle, rows[i].n, rows[i].deployments), rows[i].wanted);
}

TEST(runs_are_kept_for_each_environment)
{
    struct retention_execution runs[] = {
        {"r", "6", "a", NOW, false, false, false},
        {"r", "5", "a", NOW - DAY, true, true, false},
        {"r", "4", "b", NOW - 2 * DAY, true, false, false},
        {"r", "3", "a", NOW - 3 * DAY, true, true, false},
        {"r", "2", "b", NOW - 4 * DAY, true, true, false},
        {"r", "1", "a", NOW - 5 * DAY, true, true, false},
    };
    struct retention_period one = {RETENTION_ITEMS, 1}, days = {RETENTION_DAYS, 4};
    const bool by_one[] = {true, true, true, false, false, false};
    const bool by_days[] = {true, true, true, true, false, false};

    retention_of_runs(runs, ARRAY_LEN(runs), one, NOW);
    for (size_t i = 0; i < ARRAY_LEN(runs); i++) EXPECT_INT(runs[i].keep, by_one[i]);
    retention_of_runs(runs, ARRAY_LEN(runs), days, NOW);
    for (size_t i = 0; i < ARRAY_LEN(runs); i++) EXPECT_INT(runs[i].keep, by_days[i]);
}
