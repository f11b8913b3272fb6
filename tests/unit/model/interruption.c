/* interruption.c - which answers a question takes. */
#include "model/interruption.h"

#include <string.h>

#include "base/str.h"
#include "tests/lib/tap.h"

static const char FORM[] =
    "{\"Values\":{},\"Elements\":["
    "{\"Name\":\"Text\",\"Control\":{\"Type\":\"Paragraph\",\"Text\":\"Go on?\"}},"
    "{\"Name\":\"Notes\",\"Control\":{\"Type\":\"TextArea\"},\"IsValueRequired\":true},"
    "{\"Name\":\"Result\",\"Control\":{\"Type\":\"SubmitButtonGroup\",\"Buttons\":["
    "{\"Text\":\"Proceed\",\"Value\":\"Proceed\"},{\"Text\":\"Abort\",\"Value\":\"Abort\"}]},"
    "\"IsValueRequired\":true}]}";

/* What is kept of ${sent}, or what is wrong with it. */
static char *answer(const char *sent)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct problems p = PROBLEMS_INIT(&a);
    json_auto_t *form = NULL, *body = NULL;
    struct error err = {0};

    EXPECT_OK(jv_parse(FORM, strlen(FORM), &form, &err));
    EXPECT_OK(jv_parse(sent, strlen(sent), &body, &err));
    json_auto_t *answers = interruption_answers(form, body, &p);
    json_auto_t *wrong = problems_json(&p);
    return jv_text(p.n ? wrong : answers);
}

TEST(an_answer_keeps_the_values_of_the_form_and_no_others)
{
    CLEANUP(freep)
    char *text = answer("{\"notes\":\"fine\",\"Result\":\"Proceed\",\"Other\":\"x\"}");

    EXPECT_STR(text, "{\"Text\":null,\"Notes\":\"fine\",\"Result\":\"Proceed\"}");
}

TEST(a_value_that_must_be_given_and_one_that_is_no_button_are_named)
{
    CLEANUP(freep) char *text = answer("{\"Notes\":\" \",\"Result\":\"Perhaps\"}");

    EXPECT(strstr(text, "Notes") && strstr(text, "required"));
    EXPECT(strstr(text, "Result") && strstr(text, "Perhaps"));
}

TEST(a_value_that_is_no_text_is_refused)
{
    CLEANUP(freep) char *text = answer("{\"Notes\":{\"a\":1},\"Result\":\"Abort\"}");

    EXPECT(strstr(text, "Notes") && strstr(text, "want a text"));
}
