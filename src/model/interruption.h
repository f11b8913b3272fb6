/* interruption.h - the rules of a question that a task asks people: which answers it takes. Pure.
 */
#ifndef MODEL_INTERRUPTION_H
#define MODEL_INTERRUPTION_H
#include "model/resource.h"

/** Holds ${sent}, a flat object of texts, against ${form}; names that are not in the form are
 * ignored. What is wrong goes to ${p}. New reference: the values of all elements. */
json_t *interruption_answers(const json_t *form, const json_t *sent, struct problems *p);
#endif
