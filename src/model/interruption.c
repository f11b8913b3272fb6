/* interruption.c - a question that a task asks people: the shape of answers, and which answers it
 * takes; rows are in store/interruption.h. Facts: rest.md 2.17. */
#include "model/interruption.h"

#include "base/str.h"
#include "model/shape.h"

static const struct field element_fields[] = {
    {"Name", FIELD_STRING, FIELD_REQUIRED, .doc = "name of the value"},
    {"Control", FIELD_ANY, .doc = "how it is asked: Type, and what that type needs"},
    {"IsValueRequired", FIELD_BOOL, .doc = "true: must be answered"},
    {.name = NULL},
};
static const struct field form_fields[] = {
    {"Values", FIELD_MAP, .item = FIELD_ANY, .doc = "values by name"},
    {"Elements", FIELD_LIST, .item = FIELD_OBJECT, .fields = element_fields,
     .doc = "what is asked"},
    {.name = NULL},
};

#define FLAG(member, text)                               \
    {                                                    \
        member, FIELD_BOOL, FIELD_READ_ONLY, .doc = text \
    }
const struct field interruption_fields[] = {
    ROW_ID,
    ROW_SPACE,
    {"Title", FIELD_STRING, FIELD_READ_ONLY, .doc = "what is asked, in words"},
    {"Type", FIELD_STRING, FIELD_READ_ONLY, .doc = "ManualIntervention or GuidedFailure"},
    {"Created", FIELD_TIME, FIELD_READ_ONLY, .doc = "when it was asked"},
    FLAG("IsPending", "true: nobody has answered yet"),
    {"Form", FIELD_OBJECT, FIELD_READ_ONLY, .fields = form_fields, .doc = "the questions"},
    {"RelatedDocumentIds", FIELD_LIST, FIELD_READ_ONLY, .item = FIELD_STRING,
     .doc = "what it is about"},
    {"ResponsibleTeamIds", FIELD_LIST, FIELD_READ_ONLY, .item = FIELD_STRING,
     .doc = "whose members may answer; empty: whoever may answer at all"},
    {"ResponsibleUserId", FIELD_STRING, FIELD_READ_ONLY, .doc = "who answers"},
    FLAG("CanTakeResponsibility", "true: the requester may be who answers"),
    FLAG("HasResponsibility", "true: the requester is who answers"),
    {"TaskId", FIELD_STRING, FIELD_READ_ONLY, .doc = "the task that asks"},
    {"CorrelationId", FIELD_STRING, FIELD_READ_ONLY, .doc = "the node of its log that asks"},
    FLAG("IsLinkedToOtherInterruption", "true: answered together with another one"),
    ROW_LINKS,
    {.name = NULL},
};

#define INTERRUPTION "/api/{SpaceId}/interruptions/{Id}"
static const struct link_template links[] = {
    {"Self", INTERRUPTION},
    {"Submit", INTERRUPTION "/submit"},
    {"Responsible", INTERRUPTION "/responsible"},
    {NULL, NULL},
};

const struct resource interruption_resource = {
    .kind = "Interruptions",
    .item_type = "Interruption",
    .noun = "Interruption",
    .route = "interruptions",
    .fields = interruption_fields,
    .links = links,
    .name_member = "Title",
    .order = ORDER_NEWEST,
};

/* With buttons the answer is one of them. */
static bool is_choice(const json_t *element, const char *value)
{
    const json_t *button, *buttons = jv_get(jv_get(element, "Control"), "Buttons");
    size_t i;

    if (!json_is_array(buttons)) return true;
    json_array_foreach (buttons, i, button)
        if (strcmp(jv_str(button, "Value", ""), value) == 0) return true;
    return false;
}

static void check_one(const json_t *element, const json_t *value, struct problems *p)
{
    const char *name = jv_str(element, "Name", "");

    if (value && !json_is_null(value) && !json_is_string(value))
        problems_add(p, name, "want a text");
    else if (str_blank(json_string_value(value))) {
        if (jv_bool(element, "IsValueRequired", false)) problems_add(p, name, "is required");
    } else if (!is_choice(element, json_string_value(value)))
        problems_add(p, name, "'%s' is none of its answers", json_string_value(value));
}

json_t *interruption_answers(const json_t *form, const json_t *sent, struct problems *p)
{
    const json_t *element, *elements = jv_get(form, "Elements");
    json_t *answers = json_object();
    size_t i;

    json_array_foreach (elements, i, element) {
        const char *name = jv_str(element, "Name", "");
        json_t *value = jv_get(sent, name);
        check_one(element, value, p);
        jv_set(answers, name, value ? json_incref(value) : json_null());
    }
    return answers;
}
