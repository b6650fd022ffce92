-- Schema 3: the cache state of a run, effective clocks, checks that say where their limit comes from, and where
-- the time of a measurement and of a session went. docs/schema.md says what every column means; a test holds
-- the two together. Everything of schema 2 is carried over.

-- Runs of different cache states are different series, so that no list and no comparison mixes them.
ALTER TABLE run ADD COLUMN cache TEXT;
ALTER TABLE run ADD COLUMN model_exps REAL CHECK (model_exps IS NULL OR model_flops IS NOT NULL);
ALTER TABLE series ADD COLUMN cache TEXT;
DROP INDEX series_by_what;
CREATE UNIQUE INDEX series_by_what
  ON series (subject, kind, ifnull(problem_id, 0), ifnull(class_id, 0), ifnull(cache, ''));

-- FlashCore's own collectors knew warm caches alone. Of an import its file would have to say it.
UPDATE run SET cache = 'warm' WHERE origin IN ('live', 'recording') AND EXISTS (
  SELECT 1 FROM measurement m WHERE m.run_id = run.id AND m.collector IN ('timing', 'cupti', 'ncu')
    AND (m.sample_count > 0 OR m.counter_count > 0));
UPDATE series SET cache = 'warm'
  WHERE EXISTS (SELECT 1 FROM run r WHERE r.series_id = series.id AND r.cache = 'warm');
-- What is not warm leaves the series that are now.
INSERT INTO series (kind, subject, problem_id, class_id)
  SELECT kind, subject, problem_id, class_id FROM series s
  WHERE cache = 'warm' AND EXISTS (SELECT 1 FROM run r WHERE r.series_id = s.id AND r.cache IS NULL) ORDER BY id;
UPDATE run SET series_id = (SELECT unknown.id FROM series warm JOIN series unknown
    ON unknown.subject = warm.subject AND unknown.kind = warm.kind AND unknown.problem_id IS warm.problem_id
      AND unknown.class_id IS warm.class_id AND unknown.cache IS NULL
    WHERE warm.id = run.series_id)
  WHERE cache IS NULL AND series_id IN (SELECT id FROM series WHERE cache = 'warm');
UPDATE tagged_run SET series_id = (SELECT r.series_id FROM run r WHERE r.id = tagged_run.run_id)
  WHERE series_id <> (SELECT r.series_id FROM run r WHERE r.id = tagged_run.run_id);

-- What was stored as the SM clock is NVML's, which stays at the nominal one whatever runs.
ALTER TABLE sample RENAME COLUMN sm_clock_before_mhz TO nominal_before_mhz;
ALTER TABLE sample RENAME COLUMN sm_clock_after_mhz TO nominal_after_mhz;
ALTER TABLE sample ADD COLUMN effective_clock_mhz REAL
  CHECK (effective_clock_mhz > 0 AND effective_clock_mhz < 9e999);
ALTER TABLE clock_log ADD COLUMN other_processes INTEGER CHECK (other_processes >= 0);

-- Made anew: a column that may be missing from now on cannot be altered to that.
ALTER TABLE correctness RENAME TO v2_correctness;
CREATE TABLE correctness (
  measurement_id  INTEGER NOT NULL REFERENCES measurement (id) ON DELETE CASCADE,
  ordinal         INTEGER NOT NULL,
  seed            INTEGER NOT NULL,
  input           TEXT NOT NULL,
  passed          INTEGER NOT NULL CHECK (passed IN (0, 1)),
  max_error       REAL,
  mean_error      REAL,
  nan_count       INTEGER NOT NULL,
  inf_count       INTEGER NOT NULL,
  compared        INTEGER NOT NULL,
  max_tolerance   REAL NOT NULL,
  mean_tolerance  REAL,
  plain_max_error REAL,
  worst           TEXT NOT NULL,
  method          TEXT NOT NULL,
  PRIMARY KEY (measurement_id, ordinal)
) STRICT, WITHOUT ROWID;
INSERT INTO correctness SELECT measurement_id, ordinal, seed, '', passed, max_error, mean_error, nan_count,
  inf_count, compared, max_tolerance, mean_tolerance, NULL, '', method
  FROM v2_correctness ORDER BY measurement_id, ordinal;
DROP TABLE v2_correctness;

ALTER TABLE measurement ADD COLUMN step_count INTEGER NOT NULL DEFAULT 0;
CREATE TABLE measurement_step (
  measurement_id INTEGER NOT NULL REFERENCES measurement (id) ON DELETE CASCADE,
  ordinal        INTEGER NOT NULL,
  name           TEXT NOT NULL,
  ms             REAL NOT NULL CHECK (ms >= 0 AND ms < 9e999),
  PRIMARY KEY (measurement_id, ordinal)
) STRICT, WITHOUT ROWID;

ALTER TABLE session ADD COLUMN step_count INTEGER NOT NULL DEFAULT 0;
CREATE TABLE session_step (
  session_id INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  ordinal    INTEGER NOT NULL,
  name       TEXT NOT NULL,
  ms         REAL NOT NULL CHECK (ms >= 0 AND ms < 9e999),
  PRIMARY KEY (session_id, ordinal)
) STRICT, WITHOUT ROWID;
