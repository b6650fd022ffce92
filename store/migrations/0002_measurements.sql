-- Schema 2: a run is a subject, its kernels and its measurements. docs/schema.md says what every column
-- means; a test holds the two together. Everything of schema 1 is carried over.
--
-- Words of a fixed set (origin, kind, severity, status, answer) have no CHECK, so that a set can grow without
-- rebuilding a table; the reader knows them and refuses the others. Ids are never given twice.

DROP INDEX phase_by_name;
DROP INDEX run_by_session;
DROP INDEX run_by_what;
DROP INDEX artifact_by_run;
ALTER TABLE environment RENAME TO v1_environment;
ALTER TABLE device RENAME TO v1_device;
ALTER TABLE problem RENAME TO v1_problem;
ALTER TABLE phase RENAME TO v1_phase;
ALTER TABLE session RENAME TO v1_session;
ALTER TABLE session_tag RENAME TO v1_session_tag;
ALTER TABLE run RENAME TO v1_run;
ALTER TABLE run_tag RENAME TO v1_run_tag;
ALTER TABLE sample RENAME TO v1_sample;
ALTER TABLE counter_name RENAME TO v1_counter_name;
ALTER TABLE counter_source RENAME TO v1_counter_source;
ALTER TABLE counter RENAME TO v1_counter;
ALTER TABLE resource RENAME TO v1_resource;
ALTER TABLE correctness RENAME TO v1_correctness;
ALTER TABLE diagnostic RENAME TO v1_diagnostic;
ALTER TABLE artifact RENAME TO v1_artifact;

CREATE TABLE device_class (
  id                              INTEGER PRIMARY KEY AUTOINCREMENT,
  name                            TEXT NOT NULL,
  chip                            TEXT NOT NULL,
  compute_major                   INTEGER NOT NULL,
  compute_minor                   INTEGER NOT NULL,
  sm_count                        INTEGER NOT NULL,
  sm_clock_max_khz                INTEGER NOT NULL,
  memory_clock_max_khz            INTEGER NOT NULL,
  memory_bus_bits                 INTEGER NOT NULL,
  memory_bytes                    INTEGER NOT NULL,
  l2_bytes                        INTEGER NOT NULL,
  shared_per_sm_bytes             INTEGER NOT NULL,
  shared_per_block_optin_bytes    INTEGER NOT NULL,
  shared_reserved_per_block_bytes INTEGER NOT NULL,
  registers_per_sm                INTEGER NOT NULL,
  max_threads_per_sm              INTEGER NOT NULL,
  max_blocks_per_sm               INTEGER NOT NULL,
  warp_size                       INTEGER NOT NULL
) STRICT;

CREATE TABLE device (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  class_id INTEGER NOT NULL REFERENCES device_class (id),
  uuid     TEXT NOT NULL,
  UNIQUE (class_id, uuid)
) STRICT;

CREATE TABLE environment (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  git_sha          TEXT NOT NULL,
  kernels_dirty    INTEGER NOT NULL CHECK (kernels_dirty IN (0, 1)),
  kernels_hash     TEXT NOT NULL,
  program_version  TEXT NOT NULL,
  compiler         TEXT NOT NULL,
  cuda_toolkit     TEXT NOT NULL,
  cuda_driver      TEXT NOT NULL,
  driver           TEXT NOT NULL,
  cupti            TEXT NOT NULL,
  nvml             TEXT NOT NULL,
  operating_system TEXT NOT NULL,
  cpu              TEXT NOT NULL,
  catalogue_hash   TEXT NOT NULL
) STRICT;

CREATE TABLE subject (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  kind        TEXT NOT NULL,
  name        TEXT NOT NULL,
  title       TEXT NOT NULL,
  rung        INTEGER,
  reference   INTEGER CHECK (reference IN (0, 1)),
  source_hash TEXT NOT NULL,
  CHECK ((rung IS NULL) = (reference IS NULL))
) STRICT;
CREATE INDEX subject_by_name ON subject (name);

CREATE TABLE problem (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  workload TEXT NOT NULL,
  text     TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE problem_axis (
  problem_id INTEGER NOT NULL REFERENCES problem (id) ON DELETE CASCADE,
  ordinal    INTEGER NOT NULL,
  name       TEXT NOT NULL,
  value      TEXT NOT NULL,
  number     REAL,
  PRIMARY KEY (problem_id, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX problem_axis_by_name ON problem_axis (name, number);

-- One row for each subject, problem and class of device that occur together.
CREATE TABLE series (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  kind       TEXT NOT NULL,
  subject    TEXT NOT NULL,
  problem_id INTEGER REFERENCES problem (id),
  class_id   INTEGER REFERENCES device_class (id)
) STRICT;
CREATE UNIQUE INDEX series_by_what ON series (subject, kind, ifnull(problem_id, 0), ifnull(class_id, 0));

CREATE TABLE session (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  started_at     TEXT NOT NULL,
  command        TEXT NOT NULL,
  origin         TEXT NOT NULL,
  source         TEXT NOT NULL,
  environment_id INTEGER NOT NULL REFERENCES environment (id)
) STRICT;

CREATE TABLE session_tag (
  session_id INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  key        TEXT NOT NULL,
  value      TEXT NOT NULL,
  PRIMARY KEY (session_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  session_id     INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  series_id      INTEGER NOT NULL REFERENCES series (id),
  taken_at       TEXT NOT NULL,
  origin         TEXT NOT NULL,
  subject_id     INTEGER NOT NULL REFERENCES subject (id),
  problem_id     INTEGER REFERENCES problem (id),
  device_id      INTEGER REFERENCES device (id),
  environment_id INTEGER NOT NULL REFERENCES environment (id),
  model_flops    REAL,
  model_bytes    REAL,
  answer         TEXT NOT NULL,
  CHECK ((model_flops IS NULL) = (model_bytes IS NULL))
) STRICT;
-- Lists walk these in the order of ids and read nothing else of a run that they pass by.
CREATE INDEX run_by_series ON run (series_id, id, taken_at);
CREATE INDEX run_by_session ON run (session_id, series_id, id, taken_at);
CREATE INDEX run_by_series_and_time ON run (series_id, taken_at);
CREATE INDEX run_by_time ON run (taken_at);

CREATE TABLE run_summary (
  run_id            INTEGER PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
  graph_p50_ns      REAL,
  launch_p50_ns     REAL,
  counted_ns        REAL,
  measurement_count INTEGER NOT NULL,
  counter_count     INTEGER NOT NULL,
  diagnostic_count  INTEGER NOT NULL
) STRICT;

-- The newest taken_at among the runs of 1024 ids: where a list by time may begin.
CREATE TABLE run_block (
  block  INTEGER PRIMARY KEY,
  newest TEXT NOT NULL
) STRICT;

CREATE TABLE run_tag (
  run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  key    TEXT NOT NULL,
  value  TEXT NOT NULL,
  PRIMARY KEY (run_id, key)
) STRICT, WITHOUT ROWID;

-- What finds the runs of a tag, whether it is the run's own or its session's.
CREATE TABLE tag (
  id    INTEGER PRIMARY KEY AUTOINCREMENT,
  key   TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (key, value)
) STRICT;

CREATE TABLE tagged_run (
  tag_id    INTEGER NOT NULL REFERENCES tag (id),
  series_id INTEGER NOT NULL REFERENCES series (id),
  run_id    INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  taken_at  TEXT NOT NULL,
  PRIMARY KEY (tag_id, series_id, run_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX tagged_run_by_run ON tagged_run (run_id);

CREATE TABLE kernel (
  run_id  INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL,
  name    TEXT NOT NULL,
  grid_x  INTEGER,
  grid_y  INTEGER,
  grid_z  INTEGER,
  block_x INTEGER,
  block_y INTEGER,
  block_z INTEGER,
  PRIMARY KEY (run_id, ordinal),
  CHECK ((grid_x IS NULL) = (grid_y IS NULL) AND (grid_y IS NULL) = (grid_z IS NULL)),
  CHECK ((block_x IS NULL) = (block_y IS NULL) AND (block_y IS NULL) = (block_z IS NULL))
) STRICT, WITHOUT ROWID;

-- The counts say how many rows belong to the measurement: a reader sees where some are lost.
CREATE TABLE measurement (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id           INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  ordinal          INTEGER NOT NULL,
  collector        TEXT NOT NULL,
  tool             TEXT NOT NULL,
  tool_version     TEXT NOT NULL,
  taken_at         TEXT NOT NULL,
  passes           INTEGER,
  status           TEXT NOT NULL,
  reason           TEXT NOT NULL,
  parameter_count  INTEGER NOT NULL,
  kernel_count     INTEGER NOT NULL,
  resource_count   INTEGER NOT NULL,
  sample_count     INTEGER NOT NULL,
  counter_count    INTEGER NOT NULL,
  check_count      INTEGER NOT NULL,
  clock_count      INTEGER NOT NULL,
  diagnostic_count INTEGER NOT NULL,
  artifact_count   INTEGER NOT NULL,
  UNIQUE (run_id, ordinal)
) STRICT;

CREATE TABLE measurement_parameter (
  measurement_id INTEGER NOT NULL REFERENCES measurement (id) ON DELETE CASCADE,
  name           TEXT NOT NULL,
  value          TEXT NOT NULL,
  PRIMARY KEY (measurement_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE measurement_kernel (
  measurement_id INTEGER NOT NULL REFERENCES measurement (id) ON DELETE CASCADE,
  ordinal        INTEGER NOT NULL,
  kernel         INTEGER NOT NULL,
  PRIMARY KEY (measurement_id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE sample (
  measurement_id      INTEGER NOT NULL REFERENCES measurement (id) ON DELETE CASCADE,
  ordinal             INTEGER NOT NULL,
  kind                TEXT NOT NULL,
  sample_index        INTEGER NOT NULL,
  launches            INTEGER NOT NULL,
  duration_ns         REAL NOT NULL,
  sm_clock_before_mhz REAL,
  sm_clock_after_mhz  REAL,
  PRIMARY KEY (measurement_id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE clock_log (
  measurement_id INTEGER NOT NULL REFERENCES measurement (id) ON DELETE CASCADE,
  ordinal        INTEGER NOT NULL,
  at_ms          REAL NOT NULL,
  sm_mhz         REAL,
  memory_mhz     REAL,
  power_w        REAL,
  temperature_c  REAL,
  reasons        INTEGER,
  PRIMARY KEY (measurement_id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE counter_name (
  id   INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE counter (
  measurement_id INTEGER NOT NULL REFERENCES measurement (id) ON DELETE CASCADE,
  ordinal        INTEGER NOT NULL,
  name_id        INTEGER NOT NULL REFERENCES counter_name (id),
  kernel         INTEGER,
  value          REAL,
  reason         TEXT,
  PRIMARY KEY (measurement_id, ordinal),
  CHECK (value IS NOT NULL OR length(reason) > 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE resource (
  measurement_id        INTEGER NOT NULL REFERENCES measurement (id) ON DELETE CASCADE,
  ordinal               INTEGER NOT NULL,
  kernel                INTEGER NOT NULL,
  registers             INTEGER,
  static_shared_bytes   INTEGER,
  dynamic_shared_bytes  INTEGER,
  stack_bytes           INTEGER,
  spill_store_bytes     INTEGER,
  spill_load_bytes      INTEGER,
  local_bytes           INTEGER,
  binary_bytes          INTEGER,
  binary_arch           INTEGER,
  theoretical_occupancy REAL,
  blocks_per_sm         INTEGER,
  occupancy_limiter     TEXT NOT NULL,
  provenance            TEXT NOT NULL,
  PRIMARY KEY (measurement_id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE correctness (
  measurement_id INTEGER NOT NULL REFERENCES measurement (id) ON DELETE CASCADE,
  ordinal        INTEGER NOT NULL,
  seed           INTEGER NOT NULL,
  passed         INTEGER NOT NULL CHECK (passed IN (0, 1)),
  max_error      REAL,
  mean_error     REAL,
  nan_count      INTEGER NOT NULL,
  inf_count      INTEGER NOT NULL,
  compared       INTEGER NOT NULL,
  max_tolerance  REAL NOT NULL,
  mean_tolerance REAL NOT NULL,
  method         TEXT NOT NULL,
  PRIMARY KEY (measurement_id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE diagnostic (
  run_id         INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  ordinal        INTEGER NOT NULL,
  measurement_id INTEGER REFERENCES measurement (id) ON DELETE CASCADE,
  severity       TEXT NOT NULL,
  code           TEXT NOT NULL,
  message        TEXT NOT NULL,
  hint           TEXT NOT NULL,
  source         TEXT NOT NULL,
  PRIMARY KEY (run_id, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX diagnostic_by_measurement ON diagnostic (measurement_id);

-- With a rowid: an artifact may be large, and a large row does not belong into an index tree.
CREATE TABLE artifact (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  measurement_id INTEGER NOT NULL REFERENCES measurement (id) ON DELETE CASCADE,
  kind           TEXT NOT NULL,
  name           TEXT NOT NULL,
  media_type     TEXT NOT NULL,
  content        BLOB NOT NULL
) STRICT;
CREATE INDEX artifact_by_measurement ON artifact (measurement_id);

-- --- what schema 1 held -------------------------------------------------------------------------------

INSERT INTO environment SELECT id, git_sha, kernels_dirty, kernels_hash, program_version, compiler, cuda_toolkit,
  cuda_driver, driver, cupti, nvml, operating_system, cpu, catalogue_hash FROM v1_environment ORDER BY id;

INSERT INTO device_class SELECT id, name, chip, compute_major, compute_minor, sm_count, sm_clock_max_khz,
  memory_clock_max_khz, memory_bus_bits, memory_bytes, l2_bytes, shared_per_sm_bytes,
  shared_per_block_optin_bytes, shared_reserved_per_block_bytes, registers_per_sm, max_threads_per_sm,
  max_blocks_per_sm, warp_size FROM v1_device ORDER BY id;
INSERT INTO device SELECT id, id, '' FROM v1_device ORDER BY id;

INSERT INTO subject SELECT id, 'phase', name, title, rung, reference, kernel_hash FROM v1_phase ORDER BY id;

-- core::canonical_text() of an attention problem.
INSERT INTO problem SELECT id, 'attention',
  'b=' || batch || ',h=' || heads || ',hkv=' || kv_heads || ',sq=' || seq_q || ',sk=' || seq_k || ',d=' || head_dim
  || ',dtype=' || dtype || ',mask=' || CASE WHEN causal THEN 'causal' ELSE 'full' END FROM v1_problem ORDER BY id;
INSERT INTO problem_axis
  SELECT id, 0, 'b', CAST(batch AS TEXT), batch FROM v1_problem
  UNION ALL SELECT id, 1, 'h', CAST(heads AS TEXT), heads FROM v1_problem
  UNION ALL SELECT id, 2, 'hkv', CAST(kv_heads AS TEXT), kv_heads FROM v1_problem
  UNION ALL SELECT id, 3, 'sq', CAST(seq_q AS TEXT), seq_q FROM v1_problem
  UNION ALL SELECT id, 4, 'sk', CAST(seq_k AS TEXT), seq_k FROM v1_problem
  UNION ALL SELECT id, 5, 'd', CAST(head_dim AS TEXT), head_dim FROM v1_problem
  UNION ALL SELECT id, 6, 'dtype', dtype, NULL FROM v1_problem
  UNION ALL SELECT id, 7, 'mask', CASE WHEN causal THEN 'causal' ELSE 'full' END, NULL FROM v1_problem;

INSERT INTO series (kind, subject, problem_id, class_id)
  SELECT DISTINCT 'phase', p.name, r.problem_id, r.device_id FROM v1_run r JOIN v1_phase p ON p.id = r.phase_id
  ORDER BY r.id;

INSERT INTO session SELECT id, started_at, command, origin, recording, environment_id FROM v1_session ORDER BY id;
INSERT INTO session_tag SELECT session_id, key, value FROM v1_session_tag;

INSERT INTO run SELECT r.id, r.session_id, s.id, r.taken_at, r.origin, r.phase_id, r.problem_id, r.device_id,
  r.environment_id,
  CASE WHEN r.model_flops <> 0 OR r.model_bytes <> 0 THEN r.model_flops END,
  CASE WHEN r.model_flops <> 0 OR r.model_bytes <> 0 THEN r.model_bytes END,
  CASE (SELECT min(passed) FROM v1_correctness c WHERE c.run_id = r.id)
    WHEN 1 THEN 'right' WHEN 0 THEN 'wrong' ELSE 'unchecked' END
  FROM v1_run r JOIN v1_phase p ON p.id = r.phase_id
  JOIN series s ON s.subject = p.name AND s.problem_id = r.problem_id AND s.class_id = r.device_id ORDER BY r.id;
INSERT INTO run_block SELECT id / 1024, max(taken_at) FROM run GROUP BY 1;
INSERT INTO run_tag SELECT run_id, key, value FROM v1_run_tag;
INSERT INTO tag (key, value) SELECT key, value FROM session_tag UNION SELECT key, value FROM run_tag;
INSERT INTO tagged_run
  SELECT t.id, r.series_id, r.id, r.taken_at FROM run r JOIN run_tag g ON g.run_id = r.id
    JOIN tag t ON t.key = g.key AND t.value = g.value
  UNION SELECT t.id, r.series_id, r.id, r.taken_at FROM run r JOIN session_tag g ON g.session_id = r.session_id
    JOIN tag t ON t.key = g.key AND t.value = g.value;

-- A kernel is known from its resources, or only from a counter that was taken for it.
INSERT INTO kernel SELECT run_id, kernel_index, kernel, grid_x, grid_y, grid_z, block_x, block_y, block_z
  FROM v1_resource r WHERE ordinal = (SELECT min(ordinal) FROM v1_resource o
    WHERE o.run_id = r.run_id AND o.kernel_index = r.kernel_index);
INSERT INTO kernel (run_id, ordinal, name) SELECT DISTINCT run_id, kernel_index, '' FROM v1_counter c
  WHERE kernel_index >= 0
    AND NOT EXISTS (SELECT 1 FROM kernel k WHERE k.run_id = c.run_id AND k.ordinal = c.kernel_index);

-- The order in which schema 1's program took them: check, resources, timing, then every source of counters.
CREATE TABLE v1_taken (
  id INTEGER PRIMARY KEY, run_id INTEGER, place INTEGER, source_id INTEGER, collector TEXT, tool TEXT,
  version TEXT, passes INTEGER);
INSERT INTO v1_taken (run_id, place, source_id, collector, tool, version, passes)
  SELECT run_id, place, source_id, collector, tool, version, passes FROM (
  SELECT r.id AS run_id, -3 AS place, NULL AS source_id, 'check' AS collector, 'FlashCore' AS tool,
    e.program_version AS version, NULL AS passes FROM v1_run r JOIN v1_environment e ON e.id = r.environment_id
    WHERE EXISTS (SELECT 1 FROM v1_correctness c WHERE c.run_id = r.id)
  UNION ALL SELECT r.id, -2, NULL, 'resources', 'FlashCore', e.program_version, NULL
    FROM v1_run r JOIN v1_environment e ON e.id = r.environment_id
    WHERE EXISTS (SELECT 1 FROM v1_resource c WHERE c.run_id = r.id)
      OR EXISTS (SELECT 1 FROM v1_artifact c WHERE c.run_id = r.id)
  UNION ALL SELECT r.id, -1, NULL, 'timing', 'FlashCore', e.program_version, NULL
    FROM v1_run r JOIN v1_environment e ON e.id = r.environment_id
    WHERE r.warmup <> 0 OR r.iterations <> 0 OR EXISTS (SELECT 1 FROM v1_sample c WHERE c.run_id = r.id)
  UNION ALL SELECT c.run_id, min(c.ordinal), c.source_id, s.collector,
    CASE WHEN instr(s.tool, ' ') > 0 THEN rtrim(rtrim(s.tool, replace(s.tool, ' ', ''))) ELSE s.tool END,
    CASE WHEN instr(s.tool, ' ') > 0 THEN replace(s.tool, rtrim(s.tool, replace(s.tool, ' ', '')), '') ELSE '' END,
    nullif(s.passes, 0)
    FROM v1_counter c JOIN v1_counter_source s ON s.id = c.source_id GROUP BY c.run_id, c.source_id)
  ORDER BY run_id, place;
CREATE INDEX v1_taken_by_run ON v1_taken (run_id, source_id, collector);

INSERT INTO measurement SELECT t.id, t.run_id,
  row_number() OVER (PARTITION BY t.run_id ORDER BY t.place) - 1,
  t.collector, t.tool, t.version, r.taken_at, t.passes, 'complete', '', 0, 0, 0, 0, 0, 0, 0, 0, 0
  FROM v1_taken t JOIN v1_run r ON r.id = t.run_id ORDER BY t.id;

INSERT INTO measurement_parameter
  SELECT t.id, 'warmup', CAST(r.warmup AS TEXT) FROM v1_taken t JOIN v1_run r ON r.id = t.run_id
    WHERE t.place = -1
  UNION ALL SELECT t.id, 'iterations', CAST(r.iterations AS TEXT) FROM v1_taken t JOIN v1_run r ON r.id = t.run_id
    WHERE t.place = -1
  UNION ALL SELECT t.id, 'cache', 'warm' FROM v1_taken t WHERE t.place = -1
  UNION ALL SELECT t.id, 'replay', 'user' FROM v1_taken t WHERE t.source_id IS NOT NULL AND t.collector = 'cupti'
  UNION ALL SELECT t.id, 'set', 'unknown' FROM v1_taken t WHERE t.source_id IS NOT NULL AND t.collector = 'cupti';

INSERT INTO correctness SELECT t.id, c.ordinal, seed, passed, max_error, mean_error, nan_count, inf_count,
  compared, max_tolerance, mean_tolerance, method
  FROM v1_correctness c JOIN v1_taken t ON t.run_id = c.run_id AND t.place = -3;

INSERT INTO resource SELECT t.id, c.ordinal, kernel_index, registers, static_shared_bytes, dynamic_shared_bytes,
  stack_bytes, spill_store_bytes, spill_load_bytes, local_bytes, binary_bytes, binary_arch,
  theoretical_occupancy, blocks_per_sm, occupancy_limiter, provenance
  FROM v1_resource c JOIN v1_taken t ON t.run_id = c.run_id AND t.place = -2;
INSERT INTO artifact SELECT c.id, t.id, kind, name, media_type, content
  FROM v1_artifact c JOIN v1_taken t ON t.run_id = c.run_id AND t.place = -2 ORDER BY c.id;

INSERT INTO sample SELECT t.id, c.ordinal, kind, sample_index, launches, duration_ns, sm_clock_before_mhz,
  sm_clock_after_mhz FROM v1_sample c JOIN v1_taken t ON t.run_id = c.run_id AND t.place = -1;

INSERT INTO counter_name SELECT id, name FROM v1_counter_name ORDER BY id;
-- A range around a whole launch is the range of its one kernel where it has one.
INSERT INTO counter SELECT t.id,
  row_number() OVER (PARTITION BY c.run_id, c.source_id ORDER BY c.ordinal) - 1, c.name_id,
  CASE WHEN c.kernel_index >= 0 THEN c.kernel_index
       ELSE (SELECT min(k.ordinal) FROM kernel k WHERE k.run_id = c.run_id HAVING count(*) = 1) END,
  c.value, c.reason
  FROM v1_counter c JOIN v1_taken t ON t.run_id = c.run_id AND t.source_id = c.source_id;

INSERT INTO measurement_kernel SELECT measurement_id, row_number() OVER (PARTITION BY measurement_id
  ORDER BY kernel) - 1, kernel FROM (
  SELECT DISTINCT measurement_id, kernel FROM counter WHERE kernel IS NOT NULL
  UNION SELECT DISTINCT measurement_id, kernel FROM resource);

-- A diagnostic goes to the first measurement of the part that said it, else to the run.
INSERT INTO diagnostic SELECT d.run_id, d.ordinal,
  (SELECT min(t.id) FROM v1_taken t WHERE t.run_id = d.run_id AND t.collector = d.source),
  severity, code, message, hint, source FROM v1_diagnostic d;

UPDATE measurement SET
  parameter_count = (SELECT count(*) FROM measurement_parameter WHERE measurement_id = measurement.id),
  kernel_count = (SELECT count(*) FROM measurement_kernel WHERE measurement_id = measurement.id),
  resource_count = (SELECT count(*) FROM resource WHERE measurement_id = measurement.id),
  sample_count = (SELECT count(*) FROM sample WHERE measurement_id = measurement.id),
  counter_count = (SELECT count(*) FROM counter WHERE measurement_id = measurement.id),
  check_count = (SELECT count(*) FROM correctness WHERE measurement_id = measurement.id),
  diagnostic_count = (SELECT count(*) FROM diagnostic WHERE measurement_id = measurement.id),
  artifact_count = (SELECT count(*) FROM artifact WHERE measurement_id = measurement.id);
UPDATE measurement SET status = 'failed', reason = 'no samples were stored'
  WHERE collector = 'timing' AND sample_count = 0;
UPDATE measurement SET
  status = CASE WHEN counter_count = (SELECT count(*) FROM counter WHERE measurement_id = measurement.id
    AND value IS NULL) THEN 'failed' ELSE 'partial' END,
  reason = (SELECT count(*) || ' of ' || measurement.counter_count || ' counters have no value: ' || min(reason)
    FROM counter WHERE measurement_id = measurement.id AND value IS NULL)
  WHERE EXISTS (SELECT 1 FROM counter WHERE measurement_id = measurement.id AND value IS NULL);

-- The nearest-rank median, and the counted time where nothing was timed.
INSERT INTO run_summary SELECT r.id,
  (SELECT duration_ns FROM (SELECT duration_ns, row_number() OVER (ORDER BY duration_ns) AS place,
    count(*) OVER () AS n FROM v1_sample WHERE run_id = r.id AND kind = 'graph') WHERE place = (n + 1) / 2),
  (SELECT duration_ns FROM (SELECT duration_ns, row_number() OVER (ORDER BY duration_ns) AS place,
    count(*) OVER () AS n FROM v1_sample WHERE run_id = r.id AND kind = 'launch') WHERE place = (n + 1) / 2),
  CASE WHEN NOT EXISTS (SELECT 1 FROM v1_sample s WHERE s.run_id = r.id) THEN
    (SELECT coalesce(sum(value) FILTER (WHERE kernel IS NULL), sum(value)) FROM counter c
      JOIN counter_name n ON n.id = c.name_id
      WHERE n.name = 'gpu__time_duration.sum' AND c.measurement_id =
        (SELECT max(m.id) FROM measurement m JOIN counter o ON o.measurement_id = m.id
          JOIN counter_name w ON w.id = o.name_id
          WHERE m.run_id = r.id AND w.name = 'gpu__time_duration.sum' AND o.value IS NOT NULL)) END,
  (SELECT count(*) FROM measurement m WHERE m.run_id = r.id),
  (SELECT count(*) FROM v1_counter c WHERE c.run_id = r.id),
  (SELECT count(*) FROM diagnostic d WHERE d.run_id = r.id)
  FROM run r ORDER BY r.id;

DROP TABLE v1_taken;

DROP TABLE v1_artifact;
DROP TABLE v1_diagnostic;
DROP TABLE v1_correctness;
DROP TABLE v1_resource;
DROP TABLE v1_counter;
DROP TABLE v1_counter_source;
DROP TABLE v1_counter_name;
DROP TABLE v1_sample;
DROP TABLE v1_run_tag;
DROP TABLE v1_run;
DROP TABLE v1_session_tag;
DROP TABLE v1_session;
DROP TABLE v1_phase;
DROP TABLE v1_problem;
DROP TABLE v1_device;
DROP TABLE v1_environment;
