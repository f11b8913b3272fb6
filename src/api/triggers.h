/* triggers.h - scheduled triggers at work (trigger_actions.c). */
#ifndef API_TRIGGERS_H
#define API_TRIGGERS_H
#include "api/resource.h"

/** When the trigger ${doc} is due after ${now_ms}, UTC ms; 0 = never: it is switched off, or there
 * is no such time. ERR_INVALID names what is wrong with its schedule. */
int trigger_next(const json_t *doc, int64_t now_ms, int64_t *ret, struct error *e) MUST_USE;

/** For struct engine_options: lets the next trigger act that is due. 1 = one did, 0 = none is due;
 * *${ret_next_ms} is when the next one is then, 0 = never. ${app}: struct app. */
int triggers_act(void *app, int64_t *ret_next_ms, struct error *e);
#endif
