/* migrations.c - see migrations.h. The texts of migrations/ are put into the program by the
 * assembler; the checksum of a step is that of its text, so a released file that was edited is
 * noticed by every database that has it. */
#include "store/migrations.h"

#include "crypt/apikey.h"
#include "db/migrate.h"

#define EMBED(symbol, file)                       \
    __asm__(".section .rodata\n"                  \
            ".global " #symbol "\n" #symbol ":\n" \
            ".incbin \"" file "\"\n"              \
            ".byte 0\n"                           \
            ".previous\n");                       \
    extern const char symbol[] __attribute__((visibility("hidden")))

EMBED(migration_0001, "migrations/0001_initial.sql");
EMBED(migration_0002, "migrations/0002_tasks.sql");
EMBED(migration_0003, "migrations/0003_sessions.sql");
EMBED(migration_0005, "migrations/0005_infrastructure.sql");
EMBED(migration_0006, "migrations/0006_spaces.sql");
EMBED(migration_0008, "migrations/0008_delivery.sql");
EMBED(migration_0009, "migrations/0009_certificates.sql");
EMBED(migration_0011, "migrations/0011_triggers.sql");
EMBED(migration_0012, "migrations/0012_system_tasks.sql");

/* Applies what is missing, or only looks when ${look} is not NULL. */
static int run_steps(struct db *db, struct schema_state *look, struct error *e)
{
    struct migration steps[] = {
        {.number = 1, .name = "0001_initial", .sql = migration_0001},
        {.number = 2, .name = "0002_tasks", .sql = migration_0002},
        {.number = 3, .name = "0003_sessions", .sql = migration_0003},
        {.number = 5, .name = "0005_infrastructure", .sql = migration_0005},
        {.number = 6, .name = "0006_spaces", .sql = migration_0006},
        {.number = 8, .name = "0008_delivery", .sql = migration_0008},
        {.number = 9, .name = "0009_certificates", .sql = migration_0009},
        {.number = 11, .name = "0011_triggers", .sql = migration_0011},
        {.number = 12, .name = "0012_system_tasks", .sql = migration_0012},
    };
    char checksums[ARRAY_LEN(steps)][HASH_TEXT_SIZE];

    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        steps[i].checksum = hash_text(steps[i].sql, strlen(steps[i].sql), checksums[i]);
    if (look == NULL) return db_migrate(db, steps, ARRAY_LEN(steps), BOBTAIL_VERSION, e);
    if (db_migrated(db, steps, ARRAY_LEN(steps), BOBTAIL_VERSION, &look->applied, e) < 0) return -1;
    ASSERT(ARRAY_LEN(steps) <= ARRAY_LEN(look->names));
    look->n = ARRAY_LEN(steps);
    for (size_t i = 0; i < look->n; i++) look->names[i] = steps[i].name;
    return 0;
}

int store_migrate(struct db *db, struct error *e) { return run_steps(db, NULL, e); }

int store_schema(struct db *db, struct schema_state *ret, struct error *e)
{
    return run_steps(db, ret, e);
}
