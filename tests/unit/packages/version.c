/* The rules of versions, ranges, tags and the names of packages. */
#include "base/str.h"
#include "packages/name.h"
#include "packages/tag.h"
#include "tests/lib/tap.h"

static struct arena a = ARENA_INIT;

static struct version version(const char *text)
{
    struct version v = {0};
    struct error err = {0};

    if (version_parse(&a, text, &v, &err) < 0) EXPECT_STR(err.text, text);
    return v;
}

TEST(versions_are_ordered_as_people_expect)
{
    static const char *const ordered[] = {"0",
                                          "0.0.1",
                                          "1.0.0-0",
                                          "1.0.0-2",
                                          "1.0.0-10",
                                          "1.0.0-alpha",
                                          "1.0.0-alpha.1",
                                          "1.0.0-alpha.beta",
                                          "1.0.0-alpha-1",
                                          "1.0.0-beta",
                                          "1.0.0-beta.2",
                                          "1.0.0-beta.11",
                                          "1.0.0-rc.1",
                                          "1.0.0-SNAPSHOT",
                                          "1.0.0",
                                          "1.0.0+build",
                                          "1.0.0.1-x",
                                          "1.0.0.1",
                                          "1.2",
                                          "1.10",
                                          "2.0.0-1",
                                          "2",
                                          "10.0.0",
                                          "20261125.120000",
                                          "20261125120000.1",
                                          "999999999999999999"};

    for (size_t i = 1; i < ARRAY_LEN(ordered); i++)
        if (strcmp(version(ordered[i - 1]).key, version(ordered[i]).key) >= 0)
            EXPECT_STR(ordered[i - 1], ordered[i]);
}

TEST(versions_that_mean_the_same_are_the_same)
{
    static const char *const same[][2] = {
        {"1", "1.0.0.0"}, {"01.2", "1.2"}, {"1.0.0-Beta", "1.0.0-beta"}, {"1.0-01", "1.0-1"}};

    for (size_t i = 0; i < ARRAY_LEN(same); i++)
        EXPECT_STR(version(same[i][0]).key, version(same[i][1]).key);
    EXPECT(strcmp(version("1.0+a").key, version("1.0+b").key) != 0);
}

TEST(what_is_no_version_is_refused_by_name)
{
    static const char *const bad[] = {"",          "v1",     "1.",     "1..2",
                                      "1.2.3.4.5", "1.2-",   "1.2+",   "a",
                                      "1.2-a..b",  "1.2-.a", "1.2-a.", "1 2",
                                      "1.2-ä",     "-1.2",   "1.2_3",  "1234567890123456789"};
    struct version v;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct error err = {0};
        EXPECT_FAILS(version_parse(&a, bad[i], &v, &err), ERR_INVALID);
        EXPECT(strstr(err.text, bad[i]) != NULL);
    }
}

TEST(a_range_has_what_stands_in_it)
{
    static const struct {
        const char *range, *version;
        bool has;
    } rows[] = {{"", "1.0", true},
                {"*", "0.1-a", true},
                {"1.0", "1.0", true},
                {"1.0", "0.9", false},
                {"1.0", "2.0", true},
                {"1.0", "1.0-rc", false},
                {"[1.0]", "1.0.0", true},
                {"[1.0]", "1.0.1", false},
                {"[1.0]", "1.0+meta", true},
                {"[1.0,2.0)", "1.9", true},
                {"[1.0,2.0)", "2.0", false},
                {"[1.0,2.0)", "2.0-a", true},
                {"[1.0, 2.0]", "2.0+x", true},
                {"(1.0,2.0)", "1.0", false},
                {"(1.0,)", "1.0+x", false},
                {"(1.0,)", "1.0.0.1", true},
                {"(,1.0]", "0.1", true},
                {"(,1.0]", "1.0", true},
                {"(,1.0)", "1.0", false},
                {"[1,2),[3,4)", "1.5", true},
                {"[1,2),[3,4)", "2.5", false},
                {"[1,2) , (3,)", "9", true},
                {"1.*", "1.9.9", true},
                {"1.*", "2.0-a", false},
                {"1.9.*", "1.9", true},
                {"1.9.*", "1.10", false},
                {"1.*", "0.9", false},
                {"[1.0-beta.2]", "1.0-beta.2", true},
                {"[1.0-b,1.0-b]", "1.0-b.1", false}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct version v = version(rows[i].version);
        struct version_range r;
        struct error err = {0};
        EXPECT_OK(version_range_parse(&a, rows[i].range, &r, &err));
        if (version_range_has(&r, &v) != rows[i].has) EXPECT_STR(rows[i].range, rows[i].version);
    }
}

TEST(what_is_no_range_is_refused_by_name)
{
    static const char *const bad[] = {"x",          "[1.0",    "1.0]",    "(1.0)", "[]",
                                      "[1,2)[3,4)", "[1,2,3]", "[1,2) x", "1*",    "x.*",
                                      "1.2-a.*",    "[a,b]",   "1.0,2.0"};
    struct version_range r;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct error err = {0};
        EXPECT_FAILS(version_range_parse(&a, bad[i], &r, &err), ERR_INVALID);
        EXPECT(strstr(err.text, bad[i]) != NULL);
    }
}

TEST(a_tag_expression_chooses_versions)
{
    static const struct {
        const char *text, *version;
        bool matches;
    } rows[] = {{"", "1.0-a", true},
                {"*", "1.0", true},
                {"^$", "1.0", true},
                {"^$", "1.0-beta", false},
                {"^$", "1.0+build", false},
                {"^(|\\+.*)$", "1.0", true},
                {"^(|\\+.*)$", "1.0+x", true},
                {"^(|\\+.*)$", "1.0-a", false},
                {"^beta", "1.0-BETA.3", true},
                {"^beta", "1.0-alpha", false},
                {"^[^\\+].*", "1.0-a", true},
                {"^[^\\+].*", "1.0+a", false},
                {"rc\\.\\d+$", "1.0-rc.12", true},
                {"rc\\.\\d+$", "1.0-rc.x", false},
                {"^(?!beta).*$", "1.0-beta1", false},
                {"^(?!beta).*$", "1.0-rc", true},
                {"^(?!.*(hot|cold)fix)rc", "1.0-rc.hotfix", false},
                {"^(?:a|b)$", "1.0-b", true},
                {"^a{2,3}$", "1.0-aaa", true},
                {"^[\\w\\.]+$", "1.0-a.b", true},
                {"^.+", "1.0", false}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(version_tag_freep) struct version_tag *t = NULL;
        struct version v = version(rows[i].version);
        struct error err = {0};
        EXPECT_OK(version_tag_parse(rows[i].text, &t, &err));
        if (version_tag_matches(t, &v) != rows[i].matches)
            EXPECT_STR(rows[i].text, rows[i].version);
    }
}

TEST(a_tag_expression_that_is_wrong_or_could_take_for_ever_is_refused)
{
    static const char *const bad[] = {"(",  "[a", "a(?=b)", "(a)\\1", "^(?!a", "((a{99}){99}){99}",
                                      "a\\"};

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct version_tag *t;
        struct error err = {0};
        EXPECT_FAILS(version_tag_parse(bad[i], &t, &err), ERR_INVALID);
        EXPECT(strstr(err.text, bad[i]) != NULL);
    }
}

TEST(a_file_name_says_id_and_version)
{
    static const struct {
        const char *file, *id, *version, *extension;
    } rows[] = {{"Hello.1.0.0.zip", "Hello", "1.0.0", ".zip"},
                {"Acme.Web.1.2.3-beta.4+build.tar.gz", "Acme.Web", "1.2.3-beta.4+build", ".tar.gz"},
                {"Acme.7.1.2.3.4.nupkg", "Acme.7", "1.2.3.4", ".nupkg"},
                {"Acme.2.1.0.0.TGZ", "Acme", "2.1.0.0", ".TGZ"},
                {"web-app_2.1.jar", "web-app_2", "1", ".jar"},
                {"My.App.v2.20261125.1.war", "My.App.v2", "20261125.1", ".war"},
                {"Grüße.1.0.zip", "Grüße", "1.0", ".zip"},
                {"a.1.0-SNAPSHOT.tar.bz2", "a", "1.0-SNAPSHOT", ".tar.bz2"}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct package_name n;
        struct error err = {0};
        EXPECT_OK(package_name_parse(&a, rows[i].file, &n, &err));
        EXPECT_STR(n.id, rows[i].id);
        EXPECT_STR(n.version.text, rows[i].version);
        EXPECT_STR(n.extension, rows[i].extension);
    }
}

TEST(a_file_name_that_is_no_package_is_refused_with_what_is_wrong)
{
    static const struct {
        const char *file, *why;
    } rows[] = {{"", "no package"},
                {"Hello.zip", "no version"},
                {"Hello.1.0.0.txt", "must end in"},
                {"1.0.0.zip", "no package id"},
                {".1.0.0.zip", "no package id"},
                {"../Hello.1.0.0.zip", "slash"},
                {"a\\Hello.1.0.0.zip", "backslash"},
                {"Hel\tlo.1.0.0.zip", "control"},
                {"Hel lo.1.0.0.zip", "no package id"},
                {"-rf.1.0.0.zip", "no package id"},
                {"a..b.1.0.zip", "no package id"},
                {"a\xE2\x80\xAE"
                 "b.1.0.zip",
                 "no package id"},
                {"a\xff.1.0.zip", "UTF-8"}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct package_name n;
        struct error err = {0};
        EXPECT_FAILS(package_name_parse(&a, rows[i].file, &n, &err), ERR_INVALID);
        if (strstr(err.text, rows[i].why) == NULL) EXPECT_STR(err.text, rows[i].why);
    }
}
