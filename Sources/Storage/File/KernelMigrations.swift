import Query

/// One step of the kernel's own tables from one version to the next. Runs in a transaction of its own.
struct KernelMigration: Sendable {
    let number: Int64
    let summary: String
    let script: String
}

/// The kernel's own tables, as numbered steps. Append-only: a step that was released never changes.
///
/// Times are milliseconds since 1970, hashes are blobs of 32 bytes.
enum KernelMigrations {
    static let all: [KernelMigration] = [
        KernelMigration(number: 1, summary: "records, schema, change log", script: foundation),
        KernelMigration(number: 2, summary: "credentials, sessions, keys", script: identity),
        KernelMigration(number: 3, summary: "idempotency keys and the outbox", script: delivery),
        KernelMigration(number: 4, summary: "scheduled jobs", script: jobs),
        KernelMigration(number: 5, summary: "search", script: search),
        KernelMigration(number: 6, summary: "amounts in the base currency", script: baseAmounts),
        KernelMigration(number: 7, summary: "computing that waits", script: computing),
        KernelMigration(number: ownerCounts, summary: "records by owner", script: owners),
        KernelMigration(number: 9, summary: "tasks of the schema", script: schemaTasks),
        KernelMigration(number: 10, summary: "files", script: files),
        KernelMigration(number: 11, summary: "records that modules ship", script: fixtures),
        KernelMigration(number: 12, summary: "imports", script: imports),
        KernelMigration(number: 13, summary: "duplicates and merges", script: duplicates),
        KernelMigration(number: 14, summary: "keys of customers", script: customerKeys),
    ]

    /// `contact` is the one whose records alone the key reaches.
    private static let customerKeys = "ALTER TABLE crm_api_key ADD COLUMN contact INTEGER;"

    /// The step after which the records that are there are counted.
    static let ownerCounts: Int64 = 8

    static var latest: Int64 { all.last?.number ?? 0 }

    /// `crm_record` is the directory of all records: an id's entity, and the label that references show.
    private static let foundation = """
        CREATE TABLE crm_record (
            id INTEGER PRIMARY KEY,
            entity INTEGER NOT NULL,
            label TEXT NOT NULL,
            deleted_at INTEGER
        ) STRICT;

        CREATE TABLE crm_entity (
            number INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            module TEXT NOT NULL,
            definition TEXT NOT NULL
        ) STRICT;

        CREATE TABLE crm_field (
            number INTEGER PRIMARY KEY,
            entity INTEGER NOT NULL REFERENCES crm_entity (number),
            name TEXT NOT NULL,
            "column" TEXT NOT NULL,
            module TEXT,
            definition TEXT NOT NULL,
            deleted INTEGER NOT NULL DEFAULT 0,
            UNIQUE (entity, name),
            UNIQUE (entity, "column")
        ) STRICT;

        CREATE TABLE crm_module (
            name TEXT PRIMARY KEY,
            version TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            enabled INTEGER NOT NULL,
            label TEXT NOT NULL,
            manifest TEXT NOT NULL,
            enabled_at INTEGER
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE crm_migration (
            module TEXT NOT NULL,
            number INTEGER NOT NULL,
            version TEXT NOT NULL,
            summary TEXT NOT NULL,
            applied_at INTEGER NOT NULL,
            PRIMARY KEY (module, number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE crm_series (
            name TEXT PRIMARY KEY,
            last INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE crm_change (
            seq INTEGER PRIMARY KEY,
            change_set INTEGER NOT NULL,
            at INTEGER NOT NULL,
            actor INTEGER,
            source TEXT NOT NULL,
            method TEXT NOT NULL,
            kind TEXT NOT NULL,
            entity INTEGER,
            record INTEGER,
            version INTEGER,
            payload_hash BLOB NOT NULL,
            hash BLOB NOT NULL
        ) STRICT;
        CREATE INDEX "crm_change.record" ON crm_change (record, seq) WHERE record IS NOT NULL;
        CREATE INDEX "crm_change.entity" ON crm_change (entity, seq) WHERE entity IS NOT NULL;
        CREATE INDEX "crm_change.change_set" ON crm_change (change_set, seq);

        CREATE TABLE crm_change_payload (
            seq INTEGER PRIMARY KEY,
            salt BLOB NOT NULL,
            payload BLOB NOT NULL
        ) STRICT;
        """

    /// Read and written by Identity alone. Numbers of sessions and keys are never used again, since the change log
    /// names them.
    private static let identity = """
        CREATE TABLE crm_credential (
            user INTEGER PRIMARY KEY,
            password TEXT NOT NULL,
            must_change INTEGER NOT NULL,
            changed_at INTEGER NOT NULL,
            totp_secret BLOB,
            totp_confirmed INTEGER NOT NULL DEFAULT 0,
            totp_last_step INTEGER,
            recovery_hashes BLOB
        ) STRICT;

        CREATE TABLE crm_session (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            token_hash BLOB NOT NULL UNIQUE,
            user INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            last_seen_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            peer TEXT NOT NULL
        ) STRICT;
        CREATE INDEX "crm_session.user" ON crm_session (user);

        CREATE TABLE crm_api_key (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            token_hash BLOB NOT NULL UNIQUE,
            user INTEGER NOT NULL,
            name TEXT NOT NULL,
            scopes TEXT NOT NULL,
            addresses TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            created_by INTEGER NOT NULL,
            expires_at INTEGER,
            last_used_at INTEGER
        ) STRICT;
        CREATE INDEX "crm_api_key.user" ON crm_api_key (user);

        CREATE TABLE crm_login_throttle (
            user INTEGER PRIMARY KEY,
            failures INTEGER NOT NULL,
            last_failure_at INTEGER NOT NULL
        ) STRICT;
        """

    private static let delivery = """
        CREATE TABLE crm_idempotency (
            principal INTEGER NOT NULL,
            key TEXT NOT NULL,
            digest BLOB NOT NULL,
            reply BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            PRIMARY KEY (principal, key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX "crm_idempotency.created_at" ON crm_idempotency (created_at);

        CREATE TABLE crm_outbox (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            module TEXT NOT NULL,
            kind TEXT NOT NULL,
            payload BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            due_at INTEGER NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            last_error TEXT,
            done_at INTEGER
        ) STRICT;
        CREATE INDEX "crm_outbox.due_at" ON crm_outbox (due_at, id) WHERE done_at IS NULL;
        """

    /// Records that are not deleted; owner 0 stands for none. A row stays when its number has come down to 0.
    private static let owners = """
        CREATE TABLE crm_owner_count (
            entity INTEGER NOT NULL,
            owner INTEGER NOT NULL,
            records INTEGER NOT NULL,
            PRIMARY KEY (entity, owner)
        ) STRICT, WITHOUT ROWID;
        """

    /// `fields` are names with spaces between them; `cursor` is the last record that was computed, and moves in the
    /// batch's own transaction.
    private static let computing = """
        CREATE TABLE crm_computing (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            entity TEXT NOT NULL,
            fields TEXT NOT NULL,
            cursor INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        """

    /// `due_at` is the next nominal time; it moves in the transaction of the run itself.
    private static let jobs = """
        CREATE TABLE crm_job (
            name TEXT PRIMARY KEY,
            due_at INTEGER NOT NULL,
            last_run_at INTEGER,
            runs INTEGER NOT NULL DEFAULT 0,
            failures INTEGER NOT NULL DEFAULT 0,
            last_error TEXT
        ) STRICT, WITHOUT ROWID;
        """

    /// The words of each live record, and the index over exactly those; see `SearchText`. `crm_search_fill` says with
    /// which fields an entity's records were indexed, and how far: `position` is the last id done, null when all are.
    private static let search = """
        CREATE TABLE crm_search_text (
            id INTEGER PRIMARY KEY,
            text TEXT NOT NULL
        ) STRICT;

        CREATE VIRTUAL TABLE crm_search USING fts5 (
            text, content = 'crm_search_text', content_rowid = 'id', tokenize = 'ascii', detail = 'none',
            columnsize = 0
        );

        CREATE TABLE crm_search_fill (
            entity INTEGER PRIMARY KEY,
            signature TEXT NOT NULL,
            position INTEGER
        ) STRICT;
        """

    /// Under which rates the amounts of an entity were worked out, and how far: as in `crm_search_fill`.
    private static let baseAmounts = """
        CREATE TABLE crm_base_fill (
            entity INTEGER PRIMARY KEY,
            signature TEXT NOT NULL,
            position INTEGER
        ) STRICT;
        """

    /// `crm_file` has a row for every file in the data folder, by the hash of its bytes. `crm_file_use` says which
    /// records have it, or had it and could get it back: a row goes with its record when that is purged, and a file
    /// with the last of its rows.
    private static let files = """
        CREATE TABLE crm_file (
            sha256 BLOB PRIMARY KEY,
            size INTEGER NOT NULL,
            stored_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE crm_file_use (
            record INTEGER NOT NULL,
            sha256 BLOB NOT NULL REFERENCES crm_file (sha256),
            PRIMARY KEY (record, sha256)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX "crm_file_use.sha256" ON crm_file_use (sha256);
        """

    /// `cursor` is the last id that was looked at; it moves in the transaction of the batch itself.
    private static let schemaTasks = """
        CREATE TABLE crm_schema_task (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL,
            entity INTEGER NOT NULL,
            entity_name TEXT NOT NULL,
            field INTEGER,
            field_name TEXT,
            detail TEXT,
            actor INTEGER,
            status TEXT NOT NULL,
            cursor INTEGER NOT NULL DEFAULT 0,
            done_records INTEGER NOT NULL DEFAULT 0,
            unfit_records INTEGER NOT NULL DEFAULT 0,
            unfit TEXT NOT NULL DEFAULT '[]',
            problem TEXT,
            created_at INTEGER NOT NULL,
            finished_at INTEGER
        ) STRICT;
        """

    /// `crm_duplicate_key`: of each record that is not deleted a number made of what a rule compares; see
    /// `DuplicateRule`. `crm_duplicate_fill` says how a rule's keys were made, and how far, as in `crm_search_fill`;
    /// position -1 stands for keys that are being taken. `crm_merge`: into which record one in the recycle bin was
    /// merged.
    private static let duplicates = """
        CREATE TABLE crm_duplicate_key (
            rule INTEGER NOT NULL,
            key INTEGER NOT NULL,
            record INTEGER NOT NULL,
            PRIMARY KEY (rule, key, record)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE crm_duplicate_fill (
            rule INTEGER PRIMARY KEY,
            signature TEXT NOT NULL,
            position INTEGER
        ) STRICT;

        CREATE TABLE crm_merge (
            loser INTEGER PRIMARY KEY,
            master INTEGER NOT NULL
        ) STRICT;
        """

    /// `shipped` is what the module has given the record, a value by column, as a payload of the change log.
    private static let fixtures = """
        CREATE TABLE crm_fixture (
            module TEXT NOT NULL,
            key TEXT NOT NULL,
            record INTEGER NOT NULL,
            version TEXT NOT NULL,
            shipped TEXT NOT NULL,
            PRIMARY KEY (module, key)
        ) STRICT, WITHOUT ROWID;
        """

    /// `crm_import` has a row for each import, and one for each undo of an import, whose `undoes` says of which.
    /// `crm_import_batch` says which change sets each has made. `undo_set` and `undo_seq` say how far an undo has come:
    /// the change set that is being undone, newest first, and the entry down to which; they move in the transaction of
    /// the part itself. `report` is a JSON array of what a part of an undo has left as it was.
    private static let imports = """
        CREATE TABLE crm_import (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            actor INTEGER NOT NULL,
            entity INTEGER NOT NULL,
            file TEXT,
            settings TEXT NOT NULL,
            undoes INTEGER REFERENCES crm_import (id),
            state TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            ended_at INTEGER,
            created INTEGER NOT NULL DEFAULT 0,
            updated INTEGER NOT NULL DEFAULT 0,
            unchanged INTEGER NOT NULL DEFAULT 0,
            skipped INTEGER NOT NULL DEFAULT 0,
            failed INTEGER NOT NULL DEFAULT 0,
            deleted INTEGER NOT NULL DEFAULT 0,
            restored INTEGER NOT NULL DEFAULT 0,
            left_alone INTEGER NOT NULL DEFAULT 0,
            undo_set INTEGER,
            undo_seq INTEGER
        ) STRICT;
        CREATE INDEX "crm_import.actor" ON crm_import (actor, id);
        CREATE INDEX "crm_import.undoes" ON crm_import (undoes) WHERE undoes IS NOT NULL;

        CREATE TABLE crm_import_batch (
            import INTEGER NOT NULL REFERENCES crm_import (id),
            change_set INTEGER NOT NULL,
            report TEXT,
            PRIMARY KEY (import, change_set)
        ) STRICT, WITHOUT ROWID;
        """
}
