/* tar.c - archives that are written can be read, and nothing else. */
#include "os/tar.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "os/file.h"
#include "tests/lib/tap.h"

static struct error err;

static int archive(const char *name, const char *content, int64_t size)
{
    int fd = memfd_create("tar", MFD_CLOEXEC);

    EXPECT_OK(tar_begin(fd, name, size, 1000000000, &err));
    EXPECT_OK(file_write_all(fd, content, strlen(content), &err));
    EXPECT_OK(tar_pad(fd, (int64_t)strlen(content), &err));
    EXPECT_OK(tar_end(fd, &err));
    EXPECT(lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

TEST(what_is_written_is_read_member_by_member)
{
    CLEANUP(closep) int fd = archive("blobs/ab/cd", "hello", 5);
    struct tar_member m;
    char text[6] = "";

    EXPECT_INT(tar_next(fd, &m, &err), 1);
    EXPECT_STR(m.name, "blobs/ab/cd");
    EXPECT_INT(m.size, 5);
    EXPECT_OK(tar_read(fd, text, 5, &err));
    EXPECT_STR(text, "hello");
    EXPECT_OK(tar_skip_pad(fd, 5, &err));
    EXPECT_INT(tar_next(fd, &m, &err), 0);
}

TEST(a_name_may_fill_its_field_and_a_size_may_pass_8_GiB)
{
    char name[TAR_NAME_MAX + 1];
    struct tar_member m;

    memset(name, 'x', TAR_NAME_MAX);
    name[TAR_NAME_MAX] = '\0';
    CLEANUP(closep) int fd = archive(name, "", (int64_t)20 << 30);
    EXPECT_INT(tar_next(fd, &m, &err), 1);
    EXPECT_STR(m.name, name);
    EXPECT_INT(m.size, (int64_t)20 << 30);
}

TEST(a_name_that_leaves_the_archive_is_refused)
{
    const char *names[] = {"/etc/passwd", "../x", "a/../b", "a//b", "./a", "a/"};
    struct tar_member m;

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CLEANUP(closep) int fd = archive(names[i], "", 0);
        EXPECT_FAILS(tar_next(fd, &m, &err), ERR_CORRUPT);
    }
}

TEST(a_changed_header_is_refused_and_so_is_a_cut_archive)
{
    struct tar_member m;

    for (off_t at = 0; at < 512; at += 7) {
        CLEANUP(closep) int fd = archive("a", "", 0);
        unsigned char byte;
        EXPECT(pread(fd, &byte, 1, at) == 1);
        byte ^= 0x40;
        EXPECT(pwrite(fd, &byte, 1, at) == 1);
        EXPECT_FAILS(tar_next(fd, &m, &err), ERR_CORRUPT);
    }
    CLEANUP(closep) int fd = archive("a", "", 0);
    EXPECT(ftruncate(fd, 300) == 0);
    EXPECT_FAILS(tar_next(fd, &m, &err), ERR_CORRUPT);
}
