/* spare.h - folders of ended jobs, kept to be used again.
 *
 * A job needs a folder with five files for some milliseconds. Making and removing them is the
 * larger part of the kernel's work for a short script, and some file systems are slow to give out
 * inodes that have just been freed. So the folder of a job that ended well changes its name instead
 * and becomes that of a later job. Its records are bound to their ticket, so what they hold does
 * not count any more. Renaming is the one step that decides who has a folder. Any thread. */
#ifndef JOBS_SPARE_H
#define JOBS_SPARE_H
#include <stdbool.h>

#define SPARE_NAME_SIZE 48
#define SPARE_PREFIX "spare-" /* of the name of such a folder */
#define SPARES_MAX 64

struct spares;
struct spares *spares_new(void);
void spares_free(struct spares *s);
/** Name of a spare folder, or "". It may have gone when it is used. */
void spare_take(struct spares *s, char ret[SPARE_NAME_SIZE]);
/** Gives a name back that was not used. One that was used nevertheless does no harm. */
void spare_give_back(struct spares *s, const char name[SPARE_NAME_SIZE]);
/** Keeps folder ${ticket} below ${jobs}; false when it is not fit or there are enough: the caller
 * removes it. */
bool spare_keep(struct spares *s, int jobs, const char *ticket);
#endif
