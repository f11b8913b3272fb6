/* Which packages a process wants, which version a text means, and what channels say. */
#include "tests/lib/tap.h"

#include "rules/package_choice.h"

static json_t *parse(const char *text)
{
    struct error err = {0};
    json_t *v = NULL;

    EXPECT_OK(jv_parse(text, strlen(text), &v, &err));
    return v;
}

static const char process_text[] =
    "{\"Steps\":[{\"Name\":\"Site\",\"Actions\":["
    "{\"Name\":\"Web\",\"Packages\":[{\"Name\":\"\",\"PackageId\":\"Acme.Web\",\"FeedId\":\"f\"},"
    "{\"Name\":\"tools\",\"PackageId\":\"Tools\",\"FeedId\":\"#{F}\",\"Version\":\"9.9\"},"
    "{\"Name\":\"late\",\"PackageId\":\"L\",\"Properties\":{\"SelectionMode\":\"deferred\"}}]},"
    "{\"Name\":\"Off\",\"IsDisabled\":true,\"Packages\":[{\"PackageId\":\"Off\"}]},"
    "{\"Name\":\"Beta\",\"Channels\":[\"Channels-2\"],\"Packages\":[{\"PackageId\":\"B\"}]},"
    "{\"Name\":\"Old\",\"Properties\":{\"Octopus.Action.Package.PackageId\":\"Old.App\","
    "\"Octopus.Action.Package.FeedId\":\"f\"}}]}]}";

TEST(packages_of_disabled_actions_other_channels_and_later_choices_are_not_wanted)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    json_auto_t *process = parse(process_text);
    struct wanted_packages w = packages_wanted(process, "Channels-1", &a);

    EXPECT_INT(w.n, 3);
    EXPECT_STR(w.items[0].package_id, "Acme.Web");
    EXPECT_STR(w.items[1].reference, "tools");
    EXPECT_STR(w.items[1].fixed, "9.9");
    EXPECT_STR(w.items[2].package_id, "Old.App");
    EXPECT(package_resolvable(&w.items[0]) && !package_resolvable(&w.items[1]));
    EXPECT_INT(packages_wanted(process, NULL, &a).n, 4);
    EXPECT_INT(packages_wanted(process, "Channels-2", &a).n, 4);
}

static const struct wanted_package web = {
    .step = "Site", .action = "Web", .reference = "tools", .package_id = "Acme.Web", .fixed = ""};

TEST(the_text_that_says_most_names_the_version)
{
    static const struct {
        const char *texts, *version;
    } rows[] = {
        {"[\"Acme.Web:1.0\"]", "1.0"},
        {"[\"acme.web:1.0\"]", "1.0"},
        {"[\"tools:1.0\"]", "1.0"},
        {"[\"Site:1.0\"]", "1.0"},
        {"[\"Web:1.0\"]", "1.0"},
        {"[\"*:1.0\"]", "1.0"},
        {"[\"Other:1.0\"]", NULL},
        {"[\"1.0\"]", NULL},
        {"[\":1.0\"]", NULL},
        {"[\"Acme.Web:\"]", NULL},
        {"[\"Web:Acme.Web:2.0\",\"*:1.0\",\"Acme.Web:1.5\"]", "2.0"},
        {"[\"*:1.0\",\"Site:1.5\"]", "1.5"},
        {"[\"Web:*:3.0\",\"*:1.0\"]", "3.0"},
        {"[\"Other:Acme.Web:3.0\"]", NULL},
        {"[\"Web:Other:3.0\"]", NULL},
        {"[\"Acme.Web:1.0\",\"Acme.Web:2.0\"]", "2.0"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(arena_done) struct arena a = ARENA_INIT;
        json_auto_t *texts = parse(rows[i].texts);
        bool used[4] = {false};
        const char *version = package_named(texts, &web, used, &a);
        if (rows[i].version) EXPECT_STR(version, rows[i].version);
        else EXPECT(version == NULL && !used[0]);
    }
}

TEST(a_channel_refuses_what_its_rules_exclude)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    json_auto_t *channel =
        parse("{\"Name\":\"Beta\",\"Rules\":[{\"VersionRange\":\"[1.0,2.0)\",\"Tag\":\"^beta\","
              "\"ActionPackages\":[{\"DeploymentAction\":\"Web\",\"PackageReference\":\"tools\"}]},"
              "{\"VersionRange\":\"[3.0]\",\"Actions\":[\"Else\"]}]}");
    struct wanted_package other = web;

    other.reference = "";
    EXPECT(channel_refusal(channel, &web, "1.5-beta.2", &a) == NULL);
    EXPECT(channel_refusal(channel, &other, "7.0", &a) == NULL);
    EXPECT(channel_refusal(NULL, &web, "7.0", &a) == NULL);
    const char *why = channel_refusal(channel, &web, "3.1-beta", &a);
    EXPECT(why && strstr(why, "[1.0,2.0)") && strstr(why, "Acme.Web"));
    why = channel_refusal(channel, &web, "1.5", &a);
    EXPECT(why && strstr(why, "^beta"));
    EXPECT(channel_rule(channel, &web) == json_array_get(jv_get(channel, "Rules"), 0));
    EXPECT(channel_rule(channel, &other) == NULL);
    other.action = "Else";
    EXPECT(channel_refusal(channel, &other, "3.1", &a) != NULL);
}
