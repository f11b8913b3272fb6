/* document_row.h - what document.c and document_query.c share. */
#ifndef STORE_DOCUMENT_ROW_H
#define STORE_DOCUMENT_ROW_H
#include <stdint.h>

/** The digits at the end of an id, 0 when there are none: ids are ordered by them. */
int64_t document_number(const char *id);
#endif
