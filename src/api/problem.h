/* problem.h - how failures look to clients: status and body of rest.md 1.9, in one place. Any
 * thread. */
#ifndef API_PROBLEM_H
#define API_PROBLEM_H
#include "base/json.h"
#include "http/response.h"

/** The HTTP status of an error kind; the only such mapping. */
int problem_status(enum error_kind kind);
/** The body {"ErrorMessage", "Errors"} for ${e}. ${errors}: array of texts that replaces the single
 * one, or NULL; borrowed. New reference. */
json_t *problem_document(const struct error *e, const json_t *errors);
/** Answers with status and body of ${e}; server failures (5xx of kind internal or corrupt) are
 * logged with a reference number and the client gets only that number. */
void problem_reply(struct http_response *res, const struct error *e, const json_t *errors);
#endif
