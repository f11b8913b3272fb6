/* database.c - see database.h.
 *
 * A keeper process, forked before the first test, owns the cluster: tests (forked children of the
 * program) ask it over a socket to start, kill or restart the cluster, and wait for its answer. It
 * stops the cluster and removes the folder when the program closes its end, which a killed program
 * does too. The server of the cluster asks the kernel to be told when the keeper dies, so that even
 * that leaves nothing behind. */
#include "tests/lib/database.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <postgresql/libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "store/migrations.h"

/* ---- the keeper ---- */

static struct {
    int fd; /* of the program and its tests: the keeper's other end */
    pid_t pid, owner;
    char folder[64]; /* of the cluster */
} keeper = {.fd = -1};

struct cluster {
    char folder[64], bin[256];
    uid_t uid;
    gid_t gid;
    pid_t server; /* 0 = not running */
};

static bool find_programs(struct cluster *c)
{
    glob_t found;
    bool any = glob("/usr/lib/postgresql/*/bin/postgres", 0, NULL, &found) == 0;

    if (any) {
        snprintf(c->bin, sizeof(c->bin), "%s", found.gl_pathv[found.gl_pathc - 1]);
        *strrchr(c->bin, '/') = '\0';
    }
    globfree(&found);
    return any;
}

/* PostgreSQL refuses to run as root. */
static void choose_user(struct cluster *c)
{
    struct passwd *p = getpwnam("postgres");

    if (p == NULL) p = getpwnam("nobody");
    c->uid = geteuid() == 0 && p ? p->pw_uid : geteuid();
    c->gid = geteuid() == 0 && p ? p->pw_gid : getegid();
}

static pid_t spawn(const struct cluster *c, char *const argv[])
{
    char program[320], log[96];

    snprintf(program, sizeof(program), "%s/%s", c->bin, argv[0]);
    snprintf(log, sizeof(log), "%s/log", c->folder);
    pid_t pid = fork();
    if (pid) return pid;
    if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setgid(c->gid) < 0 || setuid(c->uid) < 0))
        _exit(126);
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0) _exit(126);
    setsid();
    setenv("LC_ALL", "C", 1);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    if (chdir(c->folder) < 0) _exit(126);
    /* by its path: initdb looks for its neighbours beside itself */
    char *own[32] = {program};
    for (size_t i = 1; argv[i] && i + 1 < ARRAY_LEN(own); i++) own[i] = argv[i];
    execv(program, own);
    _exit(127);
}

static bool make_cluster(struct cluster *c)
{
    char data[80];
    int status;

    snprintf(c->folder, sizeof(c->folder), "%s", keeper.folder);
    if (mkdir(c->folder, 0755) < 0 || chown(c->folder, c->uid, c->gid) < 0) return false;
    snprintf(data, sizeof(data), "%s/data", c->folder);
    char *argv[] = {"initdb", "--no-sync", "-A",         "trust", "-U", "bobtail",
                    "-E",     "UTF8",      "--locale=C", "-D",    data, NULL};
    pid_t pid = spawn(c, argv);
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void cluster_url(const char *folder, const char *name, char *out, size_t size)
{
    snprintf(out, size, "postgresql://bobtail@/%s?host=%s", name, folder);
}

/* The server answers, or has ended. */
static bool wait_ready(struct cluster *c)
{
    const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    char url[128];

    cluster_url(c->folder, "postgres", url, sizeof(url));
    for (int i = 0; i < 3000; i++) {
        if (PQping(url) == PQPING_OK) return true;
        if (waitpid(c->server, NULL, WNOHANG) != 0) break;
        nanosleep(&pause, NULL);
    }
    return false;
}

static bool start_server(struct cluster *c)
{
    char sockets[96], data[80];

    snprintf(data, sizeof(data), "%s/data", c->folder);
    snprintf(sockets, sizeof(sockets), "unix_socket_directories=%s", c->folder);
    char *argv[] = {"postgres",
                    "-D",
                    data,
                    "-c",
                    "listen_addresses=",
                    "-c",
                    sockets,
                    "-c",
                    "fsync=off",
                    "-c",
                    "shared_buffers=16MB",
                    "-c",
                    "max_connections=60",
                    "-c",
                    "autovacuum=off",
                    NULL};
    c->server = spawn(c, argv);
    return wait_ready(c);
}

static void stop_server(struct cluster *c)
{
    if (c->server == 0) return;
    kill(c->server, SIGQUIT); /* at once: nothing in it is to be kept */
    waitpid(c->server, NULL, 0);
    c->server = 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static char answer(struct cluster *c, char wish)
{
    if (wish == 'k') stop_server(c);
    if (wish == 'k' || c->server) return '+';
    if (c->folder[0] == '\0') {
        choose_user(c);
        if (!find_programs(c) || !make_cluster(c)) return '-';
    }
    return start_server(c) ? '+' : '-';
}

static void keep(int fd)
{
    struct cluster c = {.server = 0};
    char wish;

    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    while (read(fd, &wish, 1) == 1) {
        wish = answer(&c, wish);
        if (write(fd, &wish, 1) != 1) break;
    }
    stop_server(&c);
    if (c.folder[0]) nftw(c.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    _exit(0);
}

__attribute__((constructor)) static void start_keeper(void)
{
    int ends[2];

    log_setup(LOG_WARN, LOG_PLAIN);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) return;
    keeper.owner = getpid();
    snprintf(keeper.folder, sizeof(keeper.folder), "/tmp/bobtail-pg-%d-%lx", (int)getpid(),
             (long)time(NULL));
    keeper.pid = fork();
    if (keeper.pid == 0) {
        close(ends[0]);
        keep(ends[1]);
    }
    close(ends[1]);
    keeper.fd = ends[0];
}

__attribute__((destructor)) static void end_keeper(void)
{
    if (keeper.fd < 0 || keeper.owner != getpid()) return;
    close(keeper.fd);
    waitpid(keeper.pid, NULL, 0);
}

static void wish_for(char wish)
{
    char got = 0;

    if (write(keeper.fd, &wish, 1) != 1 || read(keeper.fd, &got, 1) != 1 || got != '+')
        CANNOT_RUN("PostgreSQL does not start (Debian package postgresql; see its log in "
                   "/tmp/bobtail-pg-*)");
}

void test_postgres_crash(void) { wish_for('k'); }
void test_postgres_return(void) { wish_for('s'); }

/* ---- databases ---- */

static void create_database(const char *name)
{
    char url[128], sql[128];

    cluster_url(keeper.folder, "postgres", url, sizeof(url));
    PGconn *h = PQconnectdb(url);
    snprintf(sql, sizeof(sql), "create database %s template template0", name);
    PGresult *result = PQexec(h, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        tap_fail(__FILE__, __LINE__, "%s: %s", sql, PQerrorMessage(h)), tap_stop();
    PQclear(result);
    PQfinish(h);
}

const char *test_database_url(const char *engine)
{
    static char url[256];
    static int made;
    char name[64];

    made++;
    if (strcmp(engine, "sqlite") == 0) {
        snprintf(url, sizeof(url), "sqlite:%s/%d.db", tap_folder(), made);
        return url;
    }
    wish_for('s');
    snprintf(name, sizeof(name), "t%d_%d", (int)getpid(), made);
    create_database(name);
    cluster_url(keeper.folder, name, url, sizeof(url));
    return url;
}

struct db *test_open(const char *url)
{
    struct db_options o = {.url = url};
    struct error err = {0};
    struct db *db = NULL;

    EXPECT_OK(db_open(&o, &db, &err));
    return db;
}

struct db *test_database(const char *engine, bool migrated)
{
    struct db *db = test_open(test_database_url(engine));
    struct error err = {0};

    if (migrated) EXPECT_OK(store_migrate(db, &err));
    return db;
}

static int run_sql(struct db_tx *tx, void *sql, struct error *e) { return db_script(tx, sql, e); }

void test_sql(struct db *db, const char *sql)
{
    struct error err = {0};

    EXPECT_OK(db_write_hot(db, run_sql, (void *)sql, &err));
}

struct number {
    const char *sql;
    int64_t value;
};

static int read_number(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    struct number *n = ctx;

    if (db_query(tx, n->sql, NO_ARGS, &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    if (r == 0) return fail(e, ERR_NOT_FOUND, "no row");
    if (r > 0) n->value = db_i64(rows, 0);
    return r < 0 ? -1 : 0;
}

int64_t test_number(struct db *db, const char *sql)
{
    struct number n = {.sql = sql};
    struct error err = {0};

    EXPECT_OK(db_read(db, read_number, &n, &err));
    return n.value;
}
