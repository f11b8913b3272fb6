/* secrets.c - secrets that depend on this worker. The server masks what it knows the sensitive
 * variables to be; where one refers to the environment, only the worker knows what it comes to, and
 * says so before the script starts. */
#include <string.h>

#include "base/base64.h"
#include "step/step.h"

static const char *text_of(struct step *s, const char *name)
{
    const char *text = NULL;

    return variables_get(s->variables, name, &s->arena, &text, NULL) < 0 ? NULL : text;
}

void secrets_note(struct step *s)
{
    const struct variable *x;

    for (size_t at = 0; (x = variables_each(s->variables, &at)) != NULL;)
        if (x->sensitive && x->value && strstr(x->value, "#{"))
            *ARENA_ADD(&s->arena, &s->secrets) = (struct step_secret){x->name, text_of(s, x->name)};
}

void secrets_tell(struct step *s)
{
    for (size_t i = 0; i < s->secrets.n; i++) {
        const struct step_secret *known = &s->secrets.items[i];
        const char *text = text_of(s, known->name);
        if (text == NULL || (known->text && strcmp(text, known->text) == 0)) continue;
        buf_adds(&s->said, "##octopus[mask value='");
        base64_encode(&s->said, text, strlen(text));
        buf_adds(&s->said, "']\n");
    }
}
