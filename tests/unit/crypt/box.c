/* box.c - the sealed box opens with its key only, and only unchanged. */
#include "crypt/box.h"

#include "tests/lib/tap.h"

static const char plain[] = "[{\"k\":\"Password\",\"v\":\"s3cret\",\"s\":true}]";

TEST(a_box_opens_with_its_key_to_the_same_bytes)
{
    CLEANUP(buf_done) struct buf box = BUF_INIT(1 * KiB), out = BUF_INIT(1 * KiB);
    unsigned char key[BOX_KEY_BYTES];
    struct error err = {0};

    box_key(key);
    box_seal(key, plain, sizeof(plain), &box);
    EXPECT_INT(box.n, sizeof(plain) + BOX_OVERHEAD);
    EXPECT(memmem(box.p, box.n, "s3cret", 6) == NULL);
    buf_adds(&out, "before:");
    EXPECT_OK(box_open(key, box.p, box.n, &out, &err));
    EXPECT_INT(out.n, 7 + sizeof(plain));
    EXPECT(memcmp(out.p + 7, plain, sizeof(plain)) == 0);
}

TEST(an_empty_text_can_be_sealed)
{
    CLEANUP(buf_done) struct buf box = BUF_INIT(1 * KiB), out = BUF_INIT(1 * KiB);
    unsigned char key[BOX_KEY_BYTES];
    struct error err = {0};

    box_key(key);
    box_seal(key, "", 0, &box);
    EXPECT_OK(box_open(key, box.p, box.n, &out, &err));
    EXPECT_INT(out.n, 0);
}

TEST(two_boxes_of_one_text_differ)
{
    CLEANUP(buf_done) struct buf one = BUF_INIT(1 * KiB), two = BUF_INIT(1 * KiB);
    unsigned char key[BOX_KEY_BYTES];

    box_key(key);
    box_seal(key, plain, sizeof(plain), &one);
    box_seal(key, plain, sizeof(plain), &two);
    EXPECT(memcmp(one.p, two.p, one.n) != 0);
}

TEST(another_key_does_not_open_it)
{
    CLEANUP(buf_done) struct buf box = BUF_INIT(1 * KiB), out = BUF_INIT(1 * KiB);
    unsigned char key[BOX_KEY_BYTES], other[BOX_KEY_BYTES];
    struct error err;

    box_key(key);
    box_key(other);
    box_seal(key, plain, sizeof(plain), &box);
    EXPECT_FAILS(box_open(other, box.p, box.n, &out, &err), ERR_DENIED);
    EXPECT_INT(out.n, 0);
    EXPECT_STR(buf_str(&out), "");
}

TEST(a_change_of_any_byte_is_noticed)
{
    CLEANUP(buf_done) struct buf box = BUF_INIT(1 * KiB), out = BUF_INIT(1 * KiB);
    unsigned char key[BOX_KEY_BYTES];
    struct error err;

    box_key(key);
    box_seal(key, plain, sizeof(plain), &box);
    for (size_t i = 0; i < box.n; i++) {
        box.p[i] ^= 1;
        EXPECT_FAILS(box_open(key, box.p, box.n, &out, &err), i < 4 ? ERR_CORRUPT : ERR_DENIED);
        box.p[i] ^= 1;
    }
    for (size_t n = 0; n < box.n; n++)
        EXPECT_FAILS(box_open(key, box.p, n, &out, &err),
                     n < BOX_OVERHEAD ? ERR_CORRUPT : ERR_DENIED);
}

TEST(what_does_not_fit_is_refused_and_leaves_the_buffer_alone)
{
    CLEANUP(buf_done) struct buf box = BUF_INIT(1 * KiB), out = BUF_INIT(10);
    CLEANUP(buf_done) struct buf narrow = BUF_INIT(sizeof(plain));
    unsigned char key[BOX_KEY_BYTES];
    struct error err;

    box_key(key);
    box_seal(key, plain, sizeof(plain), &box);
    EXPECT_FAILS(box_open(key, box.p, box.n, &out, &err), ERR_TOO_LARGE);
    EXPECT_INT(out.n, 0);
    box_seal(key, plain, sizeof(plain), &narrow);
    EXPECT(narrow.overflow);
    EXPECT_INT(narrow.n, 0);
}
