/* The rules of the blob store: a file is kept under its content, once, and half a file has no name.
 */
#include "tests/lib/tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "engine/blob.h"

TEST(a_blob_is_found_under_the_hash_of_its_content)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct error err = {0};
    const char *hash, *again;
    char text[8] = "";

    EXPECT_OK(blob_store(tap_folder(), "abc", 3, &a, &hash, &err));
    EXPECT_STR(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_OK(blob_store(tap_folder(), "abc", 3, &a, &again, &err));
    EXPECT_STR(again, hash);
    int fd = blob_open(tap_folder(), hash, &err);
    EXPECT(fd >= 0 && read(fd, text, sizeof(text)) == 3);
    EXPECT_STR(text, "abc");
    close(fd);
}

TEST(a_blob_that_is_not_there_is_not_found)
{
    struct error err;

    EXPECT_FAILS(blob_open(tap_folder(), "ba7816bf", &err), ERR_NOT_FOUND);
}

TEST(content_that_cannot_be_read_leaves_nothing_behind)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    int fd = open(tap_folder(), O_RDONLY | O_DIRECTORY), entries = 0;
    struct error err;
    const char *hash;
    int64_t size;

    EXPECT_FAILS(blob_store_fd(tap_folder(), fd, &a, &hash, &size, &err), ERR_INTERNAL);
    close(fd);
    DIR *d = opendir(tap_folder());
    for (struct dirent *x; (x = readdir(d)) != NULL;) entries += x->d_name[0] != '.';
    closedir(d);
    EXPECT_INT(entries, 0);
}
