/* problem.c - see problem.h. Validation (400, 409, 413) answers carry a fixed ErrorMessage and the
 * sentences in Errors, because clients print both; a 404 has no Errors, because some clients turn
 * any into a plain error and lose the status. */
#include "api/problem.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/id.h"
#include "base/log.h"
#include "base/str.h"

int problem_status(enum error_kind kind)
{
    switch (kind) {
    case ERR_INVALID: return 400;
    case ERR_UNAUTHENTICATED: return 401;
    case ERR_DENIED: return 403;
    case ERR_NOT_FOUND: return 404;
    case ERR_CONFLICT: return 409;
    case ERR_TOO_LARGE: return 413;
    case ERR_TIMEOUT:
    case ERR_CANCELLED:
    case ERR_FENCED:
    case ERR_BUSY:
    case ERR_UNREACHABLE: return 503;
    case ERR_NO_SPACE: return 507;
    case ERR_NONE:
    case ERR_CORRUPT:
    case ERR_INTERNAL: break;
    }
    return 500;
}

/* Is ${word}, in any case, a word of ${text}? "Name" is none of "named". */
static bool has_word(const char *text, const char *word)
{
    size_t n = strlen(word);

    for (const char *at = text; (at = strcasestr(at, word)) != NULL; at++)
        if ((at == text || !isalnum((unsigned char)at[-1])) && !isalnum((unsigned char)at[n]))
            return true;
    return false;
}

/* The message of ${e} with the member's name in it. Caller frees. */
static char *sentence(const struct error *e)
{
    const char *slash = strrchr(e->where, '/'), *member = slash ? slash + 1 : e->where;

    if (e->where[0] == '\0' || has_word(e->text, member)) return xstrdup(e->text);
    return xasprintf("%s: %s", e->where, e->text);
}

static char *summary(const struct error *e)
{
    switch (problem_status(e->kind)) {
    case 400:
    case 409:
    case 413: return xstrdup("There was a problem with your request.");
    case 404:
        if (strstr(e->text, "not found")) return xstrdup(e->text);
        return xasprintf("The resource '%s' was not found.", e->text);
    default: return sentence(e);
    }
}

json_t *problem_document(const struct error *e, const json_t *errors)
{
    CLEANUP(freep) char *message = summary(e), *detail = sentence(e);
    int status = problem_status(e->kind);
    json_t *doc = json_object(), *list = errors ? json_deep_copy(errors) : json_array();

    if (errors == NULL && (status == 400 || status == 409 || status == 413))
        jv_push(list, jv_string(detail));
    jv_set_str(doc, "ErrorMessage", message);
    jv_set(doc, "Errors", list);
    return doc;
}

void problem_reply(struct http_response *res, const struct error *e, const json_t *errors)
{
    struct error shown = *e;
    int status = problem_status(e->kind);
    char ticket[TICKET_SIZE];

    if (status == 500) {
        id_ticket(ticket);
        log_error("api", "%s: %s (reference %s)", error_kind_name(e->kind), e->text, ticket);
        fail(&shown, ERR_INTERNAL, "The server failed; its log says why under reference %s.",
             ticket);
        shown.where[0] = '\0';
    }
    json_auto_t *doc = problem_document(&shown, errors);
    struct buf out = BUF_INIT(BUF_UNBOUNDED);
    jv_print(&out, doc);
    size_t n = out.n;
    http_reply_take(res, status, HTTP_JSON, buf_take(&out), n);
    if (status == 503) http_header(res, "Retry-After", "1");
}
