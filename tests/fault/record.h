/* record.h - the record of what a process tree did to the files below one folder: written by
 * preload.c, read by replay.c.
 *
 * The log is a sequence of records, each a struct record followed by its name and its data,
 * appended by a single write. Files are named by inode number, names by the inode of their folder
 * and the name in it. */
#ifndef TESTS_FAULT_RECORD_H
#define TESTS_FAULT_RECORD_H
#include <stdint.h>

#define RECORD_MAGIC 0x52454331u          /* "REC1" */
#define RECORD_LOG "BOBTAIL_RECORD_LOG"   /* environment: the log file, outside the folder */
#define RECORD_ROOT "BOBTAIL_RECORD_ROOT" /* environment: the folder, absolute, empty at first */
#define RECORD_BOOT "BOBTAIL_RECORD_BOOT" /* environment: a file that stands for the boot id */

enum record_kind {
    RECORD_START = 1,  /* a process began to record: inode is the folder's */
    RECORD_CREATE,     /* parent, name, inode, mode; without name: an unnamed file */
    RECORD_MKDIR,      /* parent, name, inode, mode */
    RECORD_SYMLINK,    /* parent, name, inode; data is the target */
    RECORD_LINK,       /* parent, name, inode */
    RECORD_UNLINK,     /* parent, name: of a file or an empty folder */
    RECORD_RENAME,     /* parent, name; `offset` is the new parent's inode, data the new name */
    RECORD_WRITE,      /* inode, offset, data */
    RECORD_TRUNCATE,   /* inode, offset is the new size */
    RECORD_MODE,       /* inode, mode */
    RECORD_SYNC_BEGIN, /* inode: what was recorded before this ... */
    RECORD_SYNC_END,   /* inode: ... by this thread's call is durable now */
    RECORD_SYNC_ALL,
    RECORD_ESCAPE, /* name: something was done that this record cannot show; a rebuild would be
                      wrong */
};
#define RECORD_DURABLE \
    0x80000000u /* in `mode` of a write: the file was opened with O_SYNC or O_DSYNC */

struct record {
    uint32_t magic;
    uint32_t kind;
    uint32_t thread;
    uint32_t mode;
    uint64_t inode;
    uint64_t parent;
    int64_t offset;
    uint32_t name_size;
    uint32_t data_size;
};
#endif
