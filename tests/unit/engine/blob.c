/* The rules of the blob store: a file is kept under its content, once, and half a file has no name.
 */
#include "tests/lib/tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/blob.h"

static struct arena a = ARENA_INIT;

static struct blobs store(void)
{
    struct blobs b;
    struct error err = {0};

    EXPECT_OK(blobs_open(&a, tap_folder(), "Node-1", &b, &err));
    return b;
}

static void put(const struct blobs *b, const char *text, char hash[DIGEST_HEX_SIZE])
{
    CLEANUP(blob_done) struct blob_file f = {.fd = -1};
    struct error err = {0};

    EXPECT_OK(blob_begin(&f, b, &err));
    for (const char *p = text; *p; p++) EXPECT_OK(blob_add(&f, p, 1, &err));
    EXPECT_OK(blob_finish(&f, hash, &err));
}

static int files_in(const char *folder)
{
    DIR *d = opendir(folder);
    int n = 0;

    EXPECT(d != NULL);
    for (struct dirent *x; (x = readdir(d)) != NULL;) n += x->d_name[0] != '.';
    closedir(d);
    return n;
}

TEST(a_blob_is_found_under_the_hash_of_its_content)
{
    struct blobs b = store();
    struct error err = {0};
    char hash[DIGEST_HEX_SIZE], text[8] = "";
    struct stat st;

    put(&b, "abc", hash);
    EXPECT_STR(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    put(&b, "abc", hash);
    int fd = blob_open(&b, hash, &err);
    EXPECT(fd >= 0 && read(fd, text, sizeof(text)) == 3);
    EXPECT_STR(text, "abc");
    EXPECT(fstat(fd, &st) == 0 && (st.st_mode & 0777) == 0600);
    close(fd);
    EXPECT_INT(files_in(b.incoming), 0);
}

TEST(a_blob_that_is_not_there_is_not_found)
{
    struct blobs b = store();
    struct error err;

    EXPECT_FAILS(blob_open(&b, "ba7816bf", &err), ERR_NOT_FOUND);
}

TEST(content_that_cannot_be_read_leaves_nothing_behind)
{
    struct blobs b = store();
    int fd = open(tap_folder(), O_RDONLY | O_DIRECTORY);
    struct error err;
    const char *hash;
    int64_t size;

    EXPECT_FAILS(blob_store_fd(&b, fd, &a, &hash, &size, &err), ERR_INTERNAL);
    close(fd);
    EXPECT_INT(files_in(b.incoming), 0);
    EXPECT_INT(files_in(b.folder), 1); /* only the folder for what is being written */
}

TEST(what_is_not_finished_goes_away)
{
    struct blobs b = store();
    struct blob_file f;
    struct error err;

    EXPECT_OK(blob_begin(&f, &b, &err));
    EXPECT_OK(blob_add(&f, "abc", 3, &err));
    EXPECT_INT(files_in(b.incoming), 1);
    blob_done(&f);
    EXPECT_INT(files_in(b.incoming), 0);
    blob_done(&f); /* once more does no harm */
}

TEST(a_start_removes_what_this_node_left_half_written_and_nothing_of_others)
{
    struct blobs b = store(), other;
    struct blob_file mine, theirs;
    struct error err;

    EXPECT_OK(blobs_open(&a, tap_folder(), "Node-2", &other, &err));
    EXPECT_OK(blob_begin(&mine, &b, &err));
    EXPECT_OK(blob_begin(&theirs, &other, &err));
    b = store();
    EXPECT_INT(files_in(b.incoming), 0);
    EXPECT_INT(files_in(other.incoming), 1);
    blob_done(&mine);
    blob_done(&theirs);
}

static bool is_there(const struct blobs *b, const char *hash)
{
    struct error err;
    int fd = blob_open(b, hash, &err);

    if (fd >= 0) close(fd);
    return fd >= 0;
}

/* Makes the blob look as if it had been written at ${ms}. */
static void make_old(const struct blobs *b, const char *hash, int64_t ms)
{
    struct timespec times[2] = {{.tv_sec = ms / 1000}, {.tv_sec = ms / 1000}};
    CLEANUP(freep) char *path = xasprintf("%s/%.2s/%s", b->folder, hash, hash + 2);

    EXPECT(utimensat(AT_FDCWD, path, times, 0) == 0);
}

TEST(the_sweep_removes_old_blobs_that_nothing_names_and_no_others)
{
    struct blobs b = store();
    struct error err = {0};
    char used[DIGEST_HEX_SIZE], fresh[DIGEST_HEX_SIZE], orphan[DIGEST_HEX_SIZE];
    const char *list[] = {used};
    size_t removed = 0;

    put(&b, "used", used);
    put(&b, "fresh", fresh);
    put(&b, "orphan", orphan);
    make_old(&b, used, 1000000);
    make_old(&b, orphan, 1000000);
    EXPECT_OK(blobs_sweep(&b, list, 1, 2000000, &removed, &err));
    EXPECT_INT(removed, 1);
    EXPECT(is_there(&b, used) && is_there(&b, fresh) && !is_there(&b, orphan));
}

TEST(a_blob_that_is_stored_again_is_no_longer_old)
{
    struct blobs b = store();
    struct error err = {0};
    char hash[DIGEST_HEX_SIZE];
    size_t removed = 0;

    put(&b, "again", hash);
    make_old(&b, hash, 1000000);
    put(&b, "again", hash);
    EXPECT_OK(blobs_sweep(&b, NULL, 0, 2000000, &removed, &err));
    EXPECT_INT(removed, 0);
    EXPECT(is_there(&b, hash));
}
