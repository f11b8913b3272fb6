/* The rules of service messages: what is well-formed, how values are decoded, how names are
 * compared. */
#include "engine/service_message.h"

#include <stdio.h>

#include "base/base64.h"
#include "tests/lib/tap.h"

/* A message in one text: name, then each attribute as name=value, or "malformed". */
static const char *shown(const char *inside, size_t n)
{
    static char out[1000];
    struct service_message m;
    struct error err = {0};
    CLEANUP(arena_done) struct arena a = ARENA_INIT;

    if (service_message_parse((struct str){inside, n}, &a, &m, &err) < 0)
        return err.kind == ERR_INVALID && err.text[0] ? "malformed" : "wrong error";
    size_t used = (size_t)snprintf(out, sizeof(out), "%s", m.name);
    for (size_t i = 0; i < m.count; i++) {
        if (strlen(m.attributes[i].value) != m.attributes[i].n) return "wrong length";
        used += (size_t)snprintf(out + used, sizeof(out) - used, " %s=%s", m.attributes[i].name,
                                 m.attributes[i].value);
    }
    return out;
}

TEST(messages_are_read_as_an_xml_element_with_base64_values)
{
    static const struct {
        const char *inside, *wanted;
    } rows[] = {
        {"stdout-verbose", "stdout-verbose"},
        {"  stdout-verbose \t", "stdout-verbose"},
        {"setVariable name='TmFtZQ==' value=\"VmFsdWU=\"", "setVariable name=Name value=Value"},
        {"m a = 'YQ=='\tb= \"Yg==\" ", "m a=a b=b"},
        {"m a='' b=''", "m a= b="},
        {"m a=' Y W J\tj '", "m a=abc"},
        {"m a='&#89;&#x51;&#x3d;&#61;'", "m a=a"},
        {"m a='8J+QmQ=='", "m a=🐙"},
        {"m a='/w=='", "m a=\xEF\xBF\xBD"}, /* ill-formed UTF-8 is repaired */
        {"m a='YQBi'", "m a=a\xEF\xBF\xBD"
                       "b"}, /* so is NUL */
        {"m\r\n a='YQ==\r\n'", "m a=a"},
        {"Weird.name-1_x A.b-c='YQ=='", "Weird.name-1_x A.b-c=a"},
        {"", "malformed"},
        {"   ", "malformed"},
        {"1m", "malformed"},
        {"-m", "malformed"},
        {"m a", "malformed"},
        {"m a=", "malformed"},
        {"m a=YQ==", "malformed"},
        {"m a='YQ==", "malformed"},
        {"m a='YQ==\"", "malformed"},
        {"m a='YQ=='b='Yg=='", "malformed"},
        {"m='YQ=='", "malformed"},
        {"m a='YQ==' a='Yg=='", "malformed"},
        {"m a='YQ==' A='Yg=='", "malformed"},
        {"m a='YQ'", "malformed"},
        {"m a='not base64!'", "malformed"},
        {"m a='<'", "malformed"},
        {"m a='&YQ=='", "malformed"},
        {"m a='&nbsp;'", "malformed"},
        {"m a='&#0;'", "malformed"},
        {"m a='&#xD800;'", "malformed"},
        {"m a='&#x110000;'", "malformed"},
        {"m a='&#99999999999;'", "malformed"},
        {"m a='&#;'", "malformed"},
        {"m a='&#x;'", "malformed"},
        {"m ='YQ=='", "malformed"},
        {"m a:b='YQ=='", "malformed"},
        {"m / a='YQ=='", "malformed"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *got = shown(rows[i].inside, strlen(rows[i].inside));
        if (strcmp(got, rows[i].wanted) != 0) fprintf(stderr, "# row %zu: %s\n", i, rows[i].inside);
        EXPECT_STR(got, rows[i].wanted);
    }
    EXPECT_STR(shown("m a='YQ=='\0", 11), "malformed");
}

TEST(attribute_names_ignore_case_and_message_names_do_not)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct service_message m;
    struct error err = {0};

    EXPECT_OK(
        service_message_parse(STR("setVariable NAME='eA==' Sensitive='VHJ1ZQ=='"), &a, &m, &err));
    EXPECT_INT(m.kind, SERVICE_SET_VARIABLE);
    EXPECT_STR(service_message_get(&m, "name"), "x");
    EXPECT(service_message_get(&m, "value") == NULL);
    EXPECT(service_message_flag(&m, "sensitive") && !service_message_flag(&m, "value"));
    EXPECT_OK(service_message_parse(STR("setvariable sensitive='RmFsc2U='"), &a, &m, &err));
    EXPECT_INT(m.kind, SERVICE_OTHER);
    EXPECT(!service_message_flag(&m, "sensitive"));
}

TEST(known_names_have_their_kind)
{
    static const struct {
        const char *name;
        enum service_kind kind;
    } rows[] = {
        {"createArtifact", SERVICE_CREATE_ARTIFACT}, {"progress", SERVICE_PROGRESS},
        {"resultMessage", SERVICE_RESULT_MESSAGE},   {"mask", SERVICE_MASK},
        {"stdout-default", SERVICE_STREAM_MODE},     {"stderr-ignore", SERVICE_STREAM_MODE},
        {"stdout-unheard-of", SERVICE_OTHER},        {"calamari-timed-operation", SERVICE_OTHER}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(arena_done) struct arena a = ARENA_INIT;
        struct service_message m;
        struct error err = {0};
        EXPECT_OK(service_message_parse(str_of(rows[i].name), &a, &m, &err));
        EXPECT_INT(m.kind, rows[i].kind);
    }
}

TEST(the_number_of_attributes_is_bounded)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUF_UNBOUNDED);
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct service_message m;
    struct error err = {0};

    buf_adds(&text, "m");
    for (int i = 0; i < SERVICE_MESSAGE_ATTRIBUTES; i++) buf_addf(&text, " a%d='YQ=='", i);
    EXPECT_OK(service_message_parse((struct str){text.p, text.n}, &a, &m, &err));
    EXPECT_INT(m.count, SERVICE_MESSAGE_ATTRIBUTES);
    buf_adds(&text, " b='YQ=='");
    EXPECT_FAILS(service_message_parse((struct str){text.p, text.n}, &a, &m, &err), ERR_INVALID);
}
