internal import SQLite

/// The tables and views of the prediction store: a contract for plain SQL. Columns may be added, never
/// changed.
///
/// - `runs`: one row a run, running ones too (`rows` and `rejects` then say how far it is).
/// - `predictions`: every prediction of every complete run, whatever was decided about the run.
/// - `current_predictions`: for each model and entity the prediction of the newest approved run that has
///   the entity;
///   of an entity that stands in that run's input several times, the last row.
/// - `rejects`: the bad rows of every complete run, with line and reason.
///
/// `entity` is the text of the key column. `row` is the row's number in the input, from 0, rejects counted
/// and the header not; `line` the line of the file at which it begins, from 1. `prediction` is a number, or
/// JSON text where the model predicts several; `scores` is JSON text, or null where the model gives none.
/// Times are ISO 8601 in UTC.
///
/// `prediction_rows` and `reject_rows` hold the rows of runs that are not complete as well: query the views
/// instead.
enum StoreSchema {
    static let migrations = Migrations(
        applicationID: 0x4D43_5052, name: "a prediction store", steps: [version1])

    /// Rows of a run that an id has room for; the run's own number stands above them.
    static let rowBits = 40

    private static let version1 = """
        CREATE TABLE runs (
            id INTEGER PRIMARY KEY,
            run TEXT NOT NULL UNIQUE,
            model TEXT NOT NULL,
            version INTEGER NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('running', 'held', 'approved', 'rejected')),
            rows INTEGER NOT NULL DEFAULT 0,
            rejects INTEGER NOT NULL DEFAULT 0,
            input TEXT NOT NULL,
            key_column TEXT NOT NULL,
            created_at TEXT NOT NULL,
            completed_at TEXT,
            decided_at TEXT,
            decided_by TEXT,
            note TEXT,
            approval INTEGER UNIQUE,
            hold INTEGER NOT NULL DEFAULT 0,
            next_row INTEGER NOT NULL DEFAULT 0,
            model_digest TEXT NOT NULL,
            input_digest TEXT NOT NULL,
            input_bytes INTEGER NOT NULL,
            reading TEXT NOT NULL,
            CHECK ((approval IS NOT NULL) = (state = 'approved')),
            CHECK (state NOT IN ('held', 'approved') OR completed_at IS NOT NULL)
        ) STRICT;
        CREATE UNIQUE INDEX runs_approved ON runs (model, approval) WHERE approval IS NOT NULL;

        CREATE TABLE prediction_rows (
            id INTEGER PRIMARY KEY,
            run_id INTEGER NOT NULL,
            entity TEXT NOT NULL,
            prediction,
            scores TEXT
        );
        CREATE INDEX prediction_rows_entity ON prediction_rows (run_id, entity);

        CREATE TABLE reject_rows (
            id INTEGER PRIMARY KEY,
            run_id INTEGER NOT NULL,
            line INTEGER NOT NULL,
            reason TEXT NOT NULL,
            detail TEXT NOT NULL,
            input TEXT NOT NULL
        );

        -- CROSS JOIN is a join in this order: few runs, then one look-up by run and entity in each.
        CREATE VIEW predictions AS
        SELECT r.run, r.model, r.version, r.state, p.id & \(rowMask) AS row, p.entity, p.prediction, p.scores
        FROM runs AS r CROSS JOIN prediction_rows AS p ON p.run_id = r.id
        WHERE r.completed_at IS NOT NULL;

        CREATE VIEW current_predictions AS
        SELECT r.model, r.version, r.run, p.entity, p.prediction, p.scores, r.decided_at, r.completed_at,
            p.id & \(rowMask) AS row
        FROM runs AS r CROSS JOIN prediction_rows AS p ON p.run_id = r.id
        WHERE r.approval IS NOT NULL
            AND NOT EXISTS (
                SELECT 1 FROM prediction_rows AS later
                WHERE later.run_id = p.run_id AND later.entity = p.entity AND later.id > p.id)
            AND NOT EXISTS (
                SELECT 1 FROM runs AS newer CROSS JOIN prediction_rows AS n
                    ON n.run_id = newer.id AND n.entity = p.entity
                WHERE newer.model = r.model AND newer.approval > r.approval);

        CREATE VIEW rejects AS
        SELECT r.run, r.model, r.version, j.id & \(rowMask) AS row, j.line, j.reason, j.detail, j.input
        FROM runs AS r CROSS JOIN reject_rows AS j
            ON j.id BETWEEN r.id << \(rowBits) AND (r.id << \(rowBits)) + \(rowMask)
        WHERE r.completed_at IS NOT NULL;
        """

    static let rowMask = (1 << rowBits) - 1
}
