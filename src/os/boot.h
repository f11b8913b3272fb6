/* boot.h - which run of the machine this is. */
#ifndef OS_BOOT_H
#define OS_BOOT_H
#define BOOT_ID_SIZE 64

/** The identity of the machine's present run. A container is a machine of its own: another one, or
 * the same one started again, has another id. Any thread. */
void boot_id_get(char ret[BOOT_ID_SIZE]);
#endif
