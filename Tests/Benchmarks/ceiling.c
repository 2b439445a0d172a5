// What SQLite alone needs for the work of the measurements: the same tables, indexes, values and statements through the C API,
// on one thread, with nothing checked, hashed, encoded or sent. No kernel on these tables can be faster than that.
//
//   ceiling FILE SCRATCH ROWS-PER-COMMIT
//
// FILE is a database of the platform whose kernel has ended; it is only read. SCRATCH is made, filled with the contacts of
// FILE, and removed. Prints one JSON object: microseconds of CPU, user and system, for each contact, record, list and search.
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void fail(sqlite3 *db, const char *what) {
    fprintf(stderr, "ceiling: %s: %s\n", what, db ? sqlite3_errmsg(db) : "failed");
    exit(1);
}

static void run(sqlite3 *db, const char *sql) {
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) fail(db, sql);
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql) {
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) fail(db, sql);
    return statement;
}

static double cpu_microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

// Reads every column of the row, as an answer would have to.
static size_t read_row(sqlite3_stmt *statement) {
    size_t bytes = 0;
    for (int column = 0; column < sqlite3_column_count(statement); column++)
        if (sqlite3_column_text(statement, column)) bytes += sqlite3_column_bytes(statement, column);
    return bytes;
}

// Import

#define CONTACTS "(SELECT id FROM e_contact)"

// The tables that a contact's creation writes to, and what of them belongs to contacts, in the order of writing.
static struct table {
    const char *name, *rows, *columns;
    sqlite3_value **values;
    int width, count;
    sqlite3_stmt *insert;
} tables[] = {
    {.name = "e_contact", .rows = "SELECT * FROM e_contact ORDER BY id", .columns = ""},
    {.name = "crm_record", .rows = "SELECT * FROM crm_record WHERE id IN " CONTACTS " ORDER BY id", .columns = ""},
    {.name = "crm_change", .rows = "SELECT * FROM crm_change WHERE record IN " CONTACTS " ORDER BY seq", .columns = ""},
    {.name = "crm_change_payload",
     .rows = "SELECT * FROM crm_change_payload WHERE seq IN (SELECT seq FROM crm_change WHERE record IN " CONTACTS
             ") ORDER BY seq",
     .columns = ""},
    {.name = "crm_search_text",
     .rows = "SELECT * FROM crm_search_text WHERE id IN " CONTACTS " ORDER BY id", .columns = ""},
    {.name = "crm_search",
     .rows = "SELECT id, text FROM crm_search_text WHERE id IN " CONTACTS " ORDER BY id", .columns = "(rowid, text)"},
    {.name = "crm_duplicate_key",
     .rows = "SELECT * FROM crm_duplicate_key WHERE record IN " CONTACTS " ORDER BY record", .columns = ""},
};
enum { TABLES = sizeof tables / sizeof *tables };
static struct table *const contacts = &tables[0];

// Makes the table with its indexes as the source has them, and keeps the source's rows in memory.
static void copy(sqlite3 *source, sqlite3 *target, struct table *table) {
    sqlite3_stmt *schema = prepare(
        source, "SELECT sql FROM sqlite_master WHERE tbl_name = ?1 AND sql IS NOT NULL ORDER BY type = 'index'");
    sqlite3_bind_text(schema, 1, table->name, -1, SQLITE_STATIC);
    while (sqlite3_step(schema) == SQLITE_ROW) run(target, (const char *)sqlite3_column_text(schema, 0));
    sqlite3_finalize(schema);

    sqlite3_stmt *rows = prepare(source, table->rows);
    table->width = sqlite3_column_count(rows);
    int capacity = 0;
    while (sqlite3_step(rows) == SQLITE_ROW) {
        if (table->count == capacity) {
            capacity = capacity ? 2 * capacity : 1024;
            table->values = realloc(table->values, sizeof(sqlite3_value *) * capacity * table->width);
            if (!table->values) fail(NULL, "memory");
        }
        for (int column = 0; column < table->width; column++)
            table->values[table->count * table->width + column] = sqlite3_value_dup(sqlite3_column_value(rows, column));
        table->count++;
    }
    sqlite3_finalize(rows);

    char sql[1024];
    int length = snprintf(sql, sizeof sql, "INSERT INTO %s %s VALUES (?", table->name, table->columns);
    for (int column = 1; column < table->width; column++) length += snprintf(sql + length, sizeof sql - length, ", ?");
    snprintf(sql + length, sizeof sql - length, ")");
    table->insert = prepare(target, sql);
}

static void insert(sqlite3 *target, struct table *table, int row) {
    for (int column = 0; column < table->width; column++)
        sqlite3_bind_value(table->insert, column + 1, table->values[row * table->width + column]);
    if (sqlite3_step(table->insert) != SQLITE_DONE) fail(target, table->name);
    sqlite3_reset(table->insert);
}

static double measure_import(sqlite3 *source, const char *scratch, int group) {
    sqlite3 *target;
    unlink(scratch);
    if (sqlite3_open(scratch, &target) != SQLITE_OK) fail(target, scratch);
    // As the kernel's writer has them.
    run(target, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;"
                "PRAGMA cache_size=-32768; PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY");
    for (int index = 0; index < TABLES; index++) copy(source, target, &tables[index]);
    int all = contacts->count;
    if (!all) fail(NULL, "a file without contacts");
    // The kernel's checkpoints are made by another thread and are no part of its writer's time.
    run(target, "PRAGMA wal_autocheckpoint=0");

    double before = cpu_microseconds();
    for (int start = 0; start < all; start += group) {
        int end = start + group < all ? start + group : all;
        run(target, "BEGIN IMMEDIATE");
        for (int index = 0; index < TABLES; index++) {
            struct table *table = &tables[index];
            int last = (int)((long long)table->count * end / all);
            for (int row = (int)((long long)table->count * start / all); row < last; row++) insert(target, table, row);
        }
        run(target, "COMMIT");
    }
    double spent = (cpu_microseconds() - before) / all;

    for (int index = 0; index < TABLES; index++) sqlite3_finalize(tables[index].insert);
    sqlite3_close(target);
    unlink(scratch);
    return spent;
}

// Reading

enum { READS = 20000, LISTS = 400, SEARCHES = 100 };

static void read_label(sqlite3_stmt *label, sqlite3_stmt *row, int column) {
    if (sqlite3_column_type(row, column) == SQLITE_NULL) return;
    sqlite3_bind_int64(label, 1, sqlite3_column_int64(row, column));
    if (sqlite3_step(label) == SQLITE_ROW) read_row(label);
    sqlite3_reset(label);
}

// Contacts by id, each with the labels of its owner and its account: the first two columns.
static double measure_get(sqlite3 *db, sqlite3_stmt *label) {
    sqlite3_stmt *contact = prepare(db, "SELECT owner, account, * FROM e_contact WHERE id = ?1");
    double before = cpu_microseconds();
    for (int index = 0; index < READS; index++) {
        int row = (int)((long long)index * 7919 % contacts->count);
        sqlite3_bind_value(contact, 1, contacts->values[row * contacts->width]);
        if (sqlite3_step(contact) != SQLITE_ROW) fail(db, "a contact is missing");
        read_row(contact);
        read_label(label, contact, 0);
        read_label(label, contact, 1);
        sqlite3_reset(contact);
    }
    double spent = (cpu_microseconds() - before) / READS;
    sqlite3_finalize(contact);
    return spent;
}

static double measure_list(sqlite3 *db, sqlite3_stmt *label) {
    sqlite3_stmt *list = prepare(
        db, "SELECT owner, account, id, version, first_name, last_name, title, email, phone FROM e_contact"
            " WHERE deleted_at IS NULL ORDER BY last_name__k, first_name__k, id LIMIT 50");
    double before = cpu_microseconds();
    for (int index = 0; index < LISTS; index++) {
        while (sqlite3_step(list) == SQLITE_ROW) {
            read_row(list);
            read_label(label, list, 0);
            read_label(label, list, 1);
        }
        sqlite3_reset(list);
    }
    double spent = (cpu_microseconds() - before) / LISTS;
    sqlite3_finalize(list);
    return spent;
}

// The twenty newest records with a word that begins so, with their labels.
static double measure_search(sqlite3 *db, sqlite3_stmt *label) {
    sqlite3_stmt *search = prepare(
        db, "SELECT rowid, text FROM crm_search WHERE crm_search MATCH 'ols*' ORDER BY rowid DESC LIMIT 20");
    double before = cpu_microseconds();
    for (int index = 0; index < SEARCHES; index++) {
        while (sqlite3_step(search) == SQLITE_ROW) {
            read_row(search);
            read_label(label, search, 0);
        }
        sqlite3_reset(search);
    }
    double spent = (cpu_microseconds() - before) / SEARCHES;
    sqlite3_finalize(search);
    return spent;
}

int main(int count, char **words) {
    int group = count == 4 ? atoi(words[3]) : 0;
    if (group < 1) {
        fprintf(stderr, "usage: ceiling FILE SCRATCH ROWS-PER-COMMIT\n");
        return 2;
    }
    sqlite3 *source;
    if (sqlite3_open_v2(words[1], &source, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) fail(source, words[1]);
    double import = measure_import(source, words[2], group);
    run(source, "PRAGMA cache_size=-16384");
    sqlite3_stmt *label = prepare(source, "SELECT label FROM crm_record WHERE id = ?1");
    double get = measure_get(source, label), list = measure_list(source, label), search = measure_search(source, label);
    sqlite3_finalize(label);
    sqlite3_close(source);
    printf("{\"import\": %.1f, \"get\": %.2f, \"list\": %.1f, \"search\": %.1f}\n", import, get, list, search);
    return 0;
}
