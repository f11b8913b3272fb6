/* start.h - how an action's script gets to its worker: variables sealed with a fresh key, the
 * executor's arguments. */
#ifndef ENGINE_START_H
#define ENGINE_START_H
#include "engine/script.h"

/** Starts the script of ${s}, or finds that it was started before. An error means that it has
 * certainly not started. */
int start_on_worker(struct run *r, struct script *s, struct error *e) MUST_USE;
#endif
