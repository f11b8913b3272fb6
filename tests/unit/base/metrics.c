/* metrics.c - what a scrape reads. */
#include "base/metrics.h"

#include "tests/lib/tap.h"

static struct histogram times = HISTOGRAM_SHORT("x_seconds", "kind=\"a\"", "Times.");
static struct histogram plain = HISTOGRAM("y_seconds", NULL, "Others.", 1000);

TEST(a_bucket_counts_all_that_is_not_longer)
{
    struct buf out = BUF_INIT(BUF_UNBOUNDED);

    histogram_add(&plain, 1000);
    histogram_add(&plain, 1001);
    metrics_print(&out);
    EXPECT_STR(buf_str(&out), "# HELP y_seconds Others.\n# TYPE y_seconds histogram\n"
                              "y_seconds_bucket{le=\"0.001000\"} 1\n"
                              "y_seconds_bucket{le=\"+Inf\"} 2\ny_seconds_sum 0.002001\n"
                              "y_seconds_count 2\n");
    buf_done(&out);
}

TEST(labels_stand_beside_the_bound)
{
    struct buf out = BUF_INIT(BUF_UNBOUNDED);

    histogram_add(&times, 20000000);
    metrics_print(&out);
    EXPECT(strstr(buf_str(&out), "\nx_seconds_bucket{kind=\"a\",le=\"10.000000\"} 0\n"));
    EXPECT(strstr(buf_str(&out), "\nx_seconds_bucket{kind=\"a\",le=\"+Inf\"} 1\n"));
    EXPECT(strstr(buf_str(&out), "\nx_seconds_sum{kind=\"a\"} 20.000000\n"));
    EXPECT(strstr(buf_str(&out), "\nx_seconds_count{kind=\"a\"} 1\n"));
    buf_done(&out);
}
