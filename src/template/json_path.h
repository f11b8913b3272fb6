/* json_path.h - values that hold JSON are read like trees: #{Value.member[0]} (private to
 * src/template). Any thread. */
#ifndef TEMPLATE_JSON_PATH_H
#define TEMPLATE_JSON_PATH_H
#include "base/arena.h"
#include "base/json.h"

/** Parses an object or array; member names may be bare words, texts in single quotes, and comments
 * are skipped, as in the original's reader. NULL when ${text} is neither. */
json_t *json_path_parse(const char *text);
/** A value as templates see it: text as it is, numbers, True/False, "" for null, compact JSON
 * otherwise. In ${a}. */
const char *json_path_text(const json_t *value, struct arena *a);
/** Steps into ${text} by a member name or array index. 1: *${ret} is the text ("" for what is
 * absent or null); 0: not possible here (no JSON, or no number for an array); -1: ERR_INVALID for a
 * negative index. */
int json_path_step(const char *text, const char *key, struct arena *a, const char **ret,
                   struct error *e) MUST_USE;
#endif
