/* known.c - does what its arguments say, call by call, so that a test knows what the record of it
 * must be.
 *
 *     known FOLDER STEP...        steps as create:a write:a:text append:a:text sync:a syncdir:.
 * (see `steps`) known FOLDER sqlite N       commits N rows; after each prints its number and the
 * size that the record has then known FOLDER count          prints the number of rows, after
 * SQLite's own check of the database
 */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <linux/openat2.h>
#include <unistd.h>

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int opened(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0644);
    if (fd < 0) die(path);
    return fd;
}

static void create(const char *a, const char *b)
{
    (void)b, close(opened(a, O_CREAT | O_EXCL | O_WRONLY));
}
static void create_beneath(const char *a, const char *b)
{
    struct open_how how = {.flags = O_CREAT | O_WRONLY, .mode = 0644, .resolve = RESOLVE_BENEATH};
    long fd = syscall(SYS_openat2, AT_FDCWD, a, &how, sizeof(how));
    if (fd < 0 || write((int)fd, b, strlen(b)) < 0) die(a);
    close((int)fd);
}
static void write_start(const char *a, const char *b)
{
    int fd = opened(a, O_WRONLY);
    if (pwrite(fd, b, strlen(b), 0) < 0) die(a);
    close(fd);
}
static void append(const char *a, const char *b)
{
    int fd = opened(a, O_WRONLY | O_APPEND);
    if (write(fd, b, strlen(b)) < 0) die(a);
    close(fd);
}
static void write_parts(const char *a, const char *b)
{
    int fd = opened(a, O_WRONLY);
    struct iovec parts[] = {{(void *)b, 1}, {(void *)(b + 1), strlen(b) - 1}};
    if (writev(fd, parts, 2) < 0) die(a);
    close(fd);
}
static void write_synced(const char *a, const char *b)
{
    int fd = opened(a, O_WRONLY | O_DSYNC | O_CREAT);
    if (write(fd, b, strlen(b)) < 0) die(a);
    close(fd);
}
static void overwrite(const char *a, const char *b)
{
    int fd = opened(a, O_WRONLY | O_TRUNC);
    if (write(fd, b, strlen(b)) < 0) die(a);
    close(fd);
}
static void sync_one(const char *a, const char *b)
{
    int fd = opened(a, O_RDONLY);
    (void)b;
    if (fsync(fd) != 0) die(a);
    close(fd);
}
static void sync_data(const char *a, const char *b)
{
    int fd = opened(a, O_WRONLY);
    (void)b;
    if (fdatasync(fd) != 0) die(a);
    close(fd);
}
static void resize(const char *a, const char *b)
{
    if (truncate(a, strtol(b, NULL, 10)) != 0) die(a);
}
static void reserve(const char *a, const char *b)
{
    int fd = opened(a, O_WRONLY);
    if (posix_fallocate(fd, 0, strtol(b, NULL, 10)) != 0) die(a);
    close(fd);
}
static void rename_one(const char *a, const char *b)
{
    if (rename(a, b) != 0) die(a);
}
static void link_one(const char *a, const char *b)
{
    if (link(a, b) != 0) die(a);
}
static void symlink_one(const char *a, const char *b)
{
    if (symlink(b, a) != 0) die(a);
}
static void remove_one(const char *a, const char *b)
{
    (void)b;
    if (remove(a) != 0) die(a);
}
static void make_folder(const char *a, const char *b)
{
    (void)b;
    if (mkdir(a, 0755) != 0) die(a);
}
static void child_append(const char *a, const char *b)
{
    pid_t pid = fork();
    if (pid == 0) append(a, b), _exit(0);
    if (waitpid(pid, NULL, 0) != pid) die("waitpid");
}
static void by_stdio(const char *a, const char *b)
{
    FILE *f = fopen(a, "w");
    if (f == NULL || fputs(b, f) < 0 || fclose(f) != 0) die(a);
}

static const struct {
    const char *name;
    void (*run)(const char *a, const char *b);
} steps[] = {
    {"create", create},     {"beneath", create_beneath}, {"write", write_start},
    {"append", append},     {"parts", write_parts},      {"synced", write_synced},
    {"over", overwrite},    {"sync", sync_one},          {"datasync", sync_data},
    {"size", resize},       {"reserve", reserve},        {"rename", rename_one},
    {"link", link_one},     {"symlink", symlink_one},    {"remove", remove_one},
    {"mkdir", make_folder}, {"child", child_append},     {"stdio", by_stdio},
};

static void run_step(char *text)
{
    char *rest = text, *name = strsep(&rest, ":"), *a = strsep(&rest, ":");

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (strcmp(steps[i].name, name) != 0) continue;
        steps[i].run(a, rest ? rest : "");
        return;
    }
    fprintf(stderr, "no step %s\n", name);
    exit(2);
}

static void sql(sqlite3 *db, const char *text)
{
    if (sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK) return;
    fprintf(stderr, "%s: %s\n", text, sqlite3_errmsg(db));
    exit(1);
}

static sqlite3 *open_database(void)
{
    sqlite3 *db = NULL;
    if (sqlite3_open("test.db", &db) != SQLITE_OK) die("test.db");
    sql(db, "pragma journal_mode = wal");
    sql(db, "pragma synchronous = full");
    return db;
}

static void commit_rows(int count)
{
    sqlite3 *db = open_database();
    char text[128];
    struct stat st;

    sql(db, "pragma wal_autocheckpoint = 20");
    sql(db, "create table row (n integer primary key, text text)");
    for (int i = 1; i <= count; i++) {
        snprintf(text, sizeof(text), "insert into row values (%d, hex(zeroblob(%d)))", i,
                 i * 37 % 900);
        sql(db, text);
        if (stat(getenv("BOBTAIL_RECORD_LOG"), &st) != 0) die("the record");
        printf("%d %lld\n", i, (long long)st.st_size);
    }
    sqlite3_close(db);
}

static int print_text(void *unused, int columns, char **values, char **names)
{
    (void)unused, (void)columns, (void)names;
    printf("%s\n", values[0]);
    return 0;
}

static void count_rows(void)
{
    sqlite3 *db = open_database();
    if (sqlite3_exec(db, "pragma integrity_check", print_text, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(db, "select count(*) from row", print_text, NULL, NULL) != SQLITE_OK)
        printf("%s\n", sqlite3_errmsg(db));
    sqlite3_close(db);
}

int main(int argc, char **argv)
{
    if (argc < 3 || chdir(argv[1]) != 0) return 2;
    if (strcmp(argv[2], "sqlite") == 0) commit_rows((int)strtol(argv[3], NULL, 10));
    else if (strcmp(argv[2], "count") == 0) count_rows();
    else
        for (int i = 2; i < argc; i++) run_step(argv[i]);
    return 0;
}
