/* event_document.h - events as answers: JSON and CSV. Any thread. */
#ifndef API_EVENT_DOCUMENT_H
#define API_EVENT_DOCUMENT_H
#include "base/buf.h"
#include "base/json.h"
#include "store/event.h"

/** New reference. ${with_changes}: ChangeDetails too. */
json_t *event_document(const struct event *ev, bool with_changes);
/** A line of CSV (RFC 4180); what a spreadsheet would take for a formula gets a ' before it. NULL:
 * the line of headings. */
void event_csv(struct buf *out, const struct event *ev);
#endif
