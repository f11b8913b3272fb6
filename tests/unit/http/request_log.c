/* request_log.c - the lines of the request log, and the file they go to. */
#include "http/request_log.h"

#include <stdio.h>

#include "base/alloc.h"
#include "os/file.h"
#include "tests/lib/tap.h"

static const struct request_line line = {.at_ms = 1474200000123,
                                         .duration_ms = 7,
                                         .bytes = 42,
                                         .status = 200,
                                         .secure = true,
                                         .complete = true,
                                         .address = "192.0.2.7",
                                         .user = "ada",
                                         .method = "GET",
                                         .path = "/api/a%20b",
                                         .version = "HTTP/1.1",
                                         .agent = "curl/8",
                                         .id = "r-1"};

static char *printed(enum request_log_format format, struct request_line of)
{
    struct buf out = BUF_INIT(64 * KiB);

    request_log_print(&out, format, &of);
    return buf_take(&out);
}

TEST(a_line_says_who_asked_what_with_which_end)
{
    CLEANUP(freep) char *combined = printed(REQUEST_LOG_COMBINED, line);
    CLEANUP(freep) char *json = printed(REQUEST_LOG_JSON, line);

    EXPECT_STR(combined, "192.0.2.7 - \"ada\" [2016-09-18T12:00:00.123+00:00] \"GET /api/a%20b "
                         "HTTP/1.1\" 200 42 \"-\" \"curl/8\" 7 r-1\n");
    EXPECT_STR(json,
               "{\"Time\":\"2016-09-18T12:00:00.123+00:00\",\"RequestId\":\"r-1\",\"Address\":"
               "\"192.0.2.7\",\"User\":\"ada\",\"Method\":\"GET\",\"Path\":\"/api/"
               "a%20b\",\"Protocol\":\"HTTP/1.1\",\"Secure\":true,\"Status\":200,\"Bytes\":42,"
               "\"DurationMs\":7,\"UserAgent\":\"curl/8\",\"Complete\":true}\n");
}

TEST(nothing_in_a_request_can_make_a_second_line_or_end_a_text)
{
    struct request_line evil = line;

    evil.agent = "a\"\n203.0.113.1 - - [now] \\ \"GET";
    evil.user = "x\r\ny";
    evil.path = "/\xff\xfe";
    evil.complete = false;
    CLEANUP(freep) char *combined = printed(REQUEST_LOG_COMBINED, evil);
    CLEANUP(freep) char *json = printed(REQUEST_LOG_JSON, evil);
    EXPECT(strchr(combined, '\n')[1] == '\0' && strchr(json, '\n')[1] == '\0');
    EXPECT(strstr(combined, "\"x\\x0d\\x0ay\"") != NULL);
    EXPECT(strstr(combined, "\"a\\x22\\x0a203.0.113.1 - - [now] \\x5c \\x22GET\"") != NULL);
    EXPECT(strstr(combined, " r-1 cut\n") != NULL);
}

TEST(a_request_that_broke_early_has_a_line_too)
{
    CLEANUP(freep) char *combined = printed(REQUEST_LOG_COMBINED, (struct request_line){0});

    EXPECT(strstr(combined, "\"? ? ?\" 0 0 \"-\" \"-\" 0 - cut\n") != NULL);
}

static char *content(const char *path)
{
    struct buf out = BUF_INIT(1 * MiB);
    struct error err = {0};

    EXPECT_OK(file_read(path, &out, &err));
    return buf_take(&out);
}

TEST(lines_are_appended_and_a_renamed_file_gets_none_after_it_was_opened_anew)
{
    CLEANUP(freep) char *path = path_join(tap_folder(), "requests.log");
    CLEANUP(freep) char *old = path_join(tap_folder(), "requests.log.1");
    struct request_log *log = NULL;
    struct error err = {0};

    EXPECT_OK(request_log_open(path, REQUEST_LOG_JSON, &log, &err));
    request_log_add(log, &line);
    request_log_close(log);
    EXPECT_OK(request_log_open(path, REQUEST_LOG_JSON, &log, &err));
    request_log_add(log, &line);
    EXPECT(rename(path, old) == 0);
    EXPECT_OK(request_log_reopen(log, &err));
    EXPECT_OK(request_log_reopen(log, &err));
    request_log_add(log, &line);
    request_log_close(log);
    CLEANUP(freep) char *before = content(old), *after = content(path);
    CLEANUP(freep) char *one = printed(REQUEST_LOG_JSON, line);
    EXPECT_INT(strlen(before) + strlen(after), 3 * strlen(one));
    EXPECT(strlen(after) > 0);
    EXPECT_FAILS(request_log_open("/nowhere/x", REQUEST_LOG_JSON, &log, &err), ERR_NOT_FOUND);
    EXPECT(strstr(err.text, "/nowhere/x") != NULL);
}
