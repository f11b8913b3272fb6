/* tar.c (fuzz) - any bytes as an archive: each member is refused or has a name within the archive
 * and a size. */
#include "os/tar.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "os/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    CLEANUP(closep) int fd = memfd_create("tar", MFD_CLOEXEC);
    struct error e = {0};
    struct tar_member m;
    int r;

    ASSERT(fd >= 0 && file_write_all(fd, data, n, &e) == 0 && lseek(fd, 0, SEEK_SET) == 0);
    while ((r = tar_next(fd, &m, &e)) > 0) {
        ASSERT(m.size >= 0 && m.name[0] && m.name[0] != '/' && strstr(m.name, "../") == NULL);
        if (m.size > (int64_t)n || lseek(fd, (off_t)m.size, SEEK_CUR) < 0) return 0;
        if (tar_skip_pad(fd, m.size, &e) < 0) return 0;
    }
    ASSERT(r == 0 || e.text[0]);
    return 0;
}
