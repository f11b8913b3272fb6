/* difference.c - what the audit keeps of a change: what changed, and no secret. */
#include "model/difference.h"

#include <string.h>

#include "base/str.h"
#include "tests/lib/tap.h"

static json_t *parse(const char *text)
{
    struct error err = {0};
    json_t *v;

    EXPECT_OK(jv_parse(text, strlen(text), &v, &err));
    return v;
}

static char *differences(const struct resource *r, const char *before, const char *after)
{
    json_auto_t *x = parse(before), *y = parse(after);
    json_auto_t *o = difference_of(r, x, y);

    return jv_text(json_object_get(o, "Differences"));
}

TEST(a_changed_an_added_and_a_removed_member_are_named_by_their_path)
{
    CLEANUP(freep)
    char *text =
        differences(&environment_resource, "{\"Name\":\"A\",\"Description\":\"x\",\"SortOrder\":1}",
                    "{\"Name\":\"B\",\"Description\":\"x\",\"SortOrder\":2}");

    EXPECT_STR(text, "[{\"op\":\"replace\",\"path\":\"/Name\",\"value\":\"B\"},"
                     "{\"op\":\"replace\",\"path\":\"/SortOrder\",\"value\":2}]");
}

TEST(lists_are_compared_place_by_place_and_objects_member_by_member)
{
    CLEANUP(freep)
    char *text = differences(&variable_set_resource,
                             "{\"Variables\":[{\"Name\":\"a\",\"Value\":\"1\"},{\"Name\":\"b/"
                             "c\",\"Scope\":{\"x~y\":1}}]}",
                             "{\"Variables\":[{\"Name\":\"a\",\"Value\":\"2\"},{\"Name\":\"b/"
                             "c\",\"Scope\":{}},{\"Name\":\"d\"}]}");

    EXPECT_STR(text, "[{\"op\":\"replace\",\"path\":\"/Variables/0/Value\",\"value\":\"2\"},"
                     "{\"op\":\"remove\",\"path\":\"/Variables/1/Scope/x~0y\"},"
                     "{\"op\":\"add\",\"path\":\"/Variables/2\",\"value\":{\"Name\":\"d\"}}]");
}

TEST(a_secret_that_changed_is_a_difference_that_does_not_show_it)
{
    CLEANUP(freep)
    char *text = differences(&feed_resource, "{\"Password\":{\"Sealed\":\"TOPSECRET1\"}}",
                             "{\"Password\":{\"Sealed\":\"TOPSECRET2\"}}");

    EXPECT_STR(text, "[{\"op\":\"replace\",\"path\":\"/Password\",\"value\":{\"HasValue\":true,"
                     "\"NewValue\":null}}]");
}

TEST(no_secret_and_no_private_member_stands_in_the_document_before_or_in_a_difference)
{
    json_auto_t *
        x = parse("{\"Name\":\"A\",\"Password\":{\"Sealed\":\"TOPSECRET\"},\"Own\":\"TOPSECRET\"}"),
       *y = parse("{\"Name\":\"B\",\"Own\":\"TOPSECRET2\"}");
    json_auto_t *o = difference_of(&feed_resource, x, y);
    json_auto_t *gone = difference_of(&feed_resource, x, NULL);
    CLEANUP(freep) char *text = jv_text(o), *other = jv_text(gone);

    EXPECT(strstr(text, "TOPSECRET") == NULL && strstr(other, "TOPSECRET") == NULL);
    EXPECT(strstr(text, "/Name") && strstr(text, "/Password") && !strstr(text, "Own"));
}

TEST(a_secret_deep_inside_an_added_value_is_not_shown)
{
    CLEANUP(freep)
    char *text = differences(
        &deployment_process_resource, "{\"Steps\":[]}",
        "{\"Steps\":[{\"Actions\":[{\"Properties\":{\"P\":{\"Sealed\":\"TOPSECRET\"}}}]}]}");

    EXPECT(strstr(text, "TOPSECRET") == NULL && strstr(text, "HasValue"));
}

TEST(a_long_value_and_a_long_document_are_left_out)
{
    CLEANUP(freep) char *value = xmalloc(100001);

    memset(value, 'x', 100000);
    value[100000] = '\0';
    json_auto_t *x = json_object(), *y = json_object();
    jv_set_str(x, "Description", value);
    value[0] = 'y';
    jv_set_str(y, "Description", value);
    json_auto_t *o = difference_of(&environment_resource, x, y);
    CLEANUP(freep) char *text = jv_text(o);
    EXPECT(strlen(text) < 300);
    EXPECT(json_is_null(json_object_get(o, "DocumentContext")));
}
