/* boot.c - see boot.h. */
#include "os/boot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "os/file.h"

#define MACHINE_NAMESPACE "pid:[4026531836]" /* fixed by the kernel: no container */

/* When the first process of the namespace was started, in ticks: field 22 of its stat; what is in
 * the brackets of field 2 may hold anything. */
static unsigned long long first_started(void)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(4096);
    unsigned long long ticks = 0;

    if (file_read("/proc/1/stat", &text, NULL) < 0) return 0;
    const char *at = strrchr(buf_str(&text), ')');
    for (int field = 2; at && field < 22; field++) at = strchr(at + 1, ' ');
    if (at) ticks = strtoull(at, NULL, 10);
    return ticks;
}

void boot_id_get(char ret[BOOT_ID_SIZE])
{
    CLEANUP(buf_done) struct buf id = BUF_INIT(4096);
    char namespace[64] = MACHINE_NAMESPACE;

    (void)!file_read("/proc/sys/kernel/random/boot_id", &id, NULL);
    (void)!readlink("/proc/self/ns/pid", namespace, sizeof(namespace) - 1);
    snprintf(ret, BOOT_ID_SIZE, "%.36s", buf_str(&id));
    if (strncmp(namespace, MACHINE_NAMESPACE, strlen(MACHINE_NAMESPACE)) == 0) return;
    size_t n = strlen(ret);
    snprintf(ret + n, BOOT_ID_SIZE - n, "/%.10s/%llx", namespace + strlen("pid:["),
             first_started());
}
