/* dump.h - backups of an installation on PostgreSQL: made by PostgreSQL's own programs; this side
 * says what to run and checks what came out. One thread.
 *
 *     FOLDER/bobtail.dump   pg_dump --format=custom
 *     FOLDER/blobs/         a copy of the blob store, made after the dump
 */
#ifndef SERVER_DUMP_H
#define SERVER_DUMP_H
#include "server/options.h"

/** Prints what makes a backup in ${folder}, in order. */
void dump_print_backup(const struct options *o, const char *folder);
/** Prints what puts it back. */
void dump_print_restore(const struct options *o, const char *folder);
/** Reads the dump with pg_restore and looks for every blob that its rows name; *${ret_n} = how many
 * there are. ERR_CORRUPT names what is wrong. */
int dump_check(const char *folder, int64_t *ret_n, struct error *e) MUST_USE;
#endif
