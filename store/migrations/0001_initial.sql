-- Schema 1. docs/schema.md says what every column means; a test holds the two together.
-- Rows that many runs share (device, environment, problem, phase, counter_name, counter_source) are
-- stored once and referenced. Everything below a session goes with it.

CREATE TABLE environment (
  id               INTEGER PRIMARY KEY,
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

CREATE TABLE device (
  id                              INTEGER PRIMARY KEY,
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

CREATE TABLE problem (
  id       INTEGER PRIMARY KEY,
  batch    INTEGER NOT NULL,
  heads    INTEGER NOT NULL,
  kv_heads INTEGER NOT NULL,
  seq_q    INTEGER NOT NULL,
  seq_k    INTEGER NOT NULL,
  head_dim INTEGER NOT NULL,
  dtype    TEXT NOT NULL,
  causal   INTEGER NOT NULL CHECK (causal IN (0, 1)),
  UNIQUE (batch, heads, kv_heads, seq_q, seq_k, head_dim, dtype, causal)
) STRICT;

CREATE TABLE phase (
  id          INTEGER PRIMARY KEY,
  name        TEXT NOT NULL,
  title       TEXT NOT NULL,
  rung        INTEGER NOT NULL,
  reference   INTEGER NOT NULL CHECK (reference IN (0, 1)),
  kernel_hash TEXT NOT NULL
) STRICT;
CREATE INDEX phase_by_name ON phase (name);

CREATE TABLE session (
  id             INTEGER PRIMARY KEY,
  started_at     TEXT NOT NULL,
  command        TEXT NOT NULL,
  origin         TEXT NOT NULL CHECK (origin IN ('live', 'recording')),
  recording      TEXT NOT NULL,
  environment_id INTEGER NOT NULL REFERENCES environment (id)
) STRICT;

CREATE TABLE session_tag (
  session_id INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  key        TEXT NOT NULL,
  value      TEXT NOT NULL,
  PRIMARY KEY (session_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
  id             INTEGER PRIMARY KEY,
  session_id     INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  taken_at       TEXT NOT NULL,
  origin         TEXT NOT NULL CHECK (origin IN ('live', 'recording')),
  phase_id       INTEGER NOT NULL REFERENCES phase (id),
  problem_id     INTEGER NOT NULL REFERENCES problem (id),
  device_id      INTEGER NOT NULL REFERENCES device (id),
  environment_id INTEGER NOT NULL REFERENCES environment (id),
  model_flops    REAL NOT NULL,
  model_bytes    REAL NOT NULL,
  warmup         INTEGER NOT NULL,
  iterations     INTEGER NOT NULL
) STRICT;
CREATE INDEX run_by_session ON run (session_id);
CREATE INDEX run_by_what ON run (phase_id, problem_id, device_id);

CREATE TABLE run_tag (
  run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  key    TEXT NOT NULL,
  value  TEXT NOT NULL,
  PRIMARY KEY (run_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE sample (
  run_id              INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  ordinal             INTEGER NOT NULL,
  kind                TEXT NOT NULL CHECK (kind IN ('launch', 'graph')),
  sample_index        INTEGER NOT NULL,
  launches            INTEGER NOT NULL,
  duration_ns         REAL NOT NULL,
  sm_clock_before_mhz REAL,
  sm_clock_after_mhz  REAL,
  PRIMARY KEY (run_id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE counter_name (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE counter_source (
  id        INTEGER PRIMARY KEY,
  collector TEXT NOT NULL,
  tool      TEXT NOT NULL,
  passes    INTEGER NOT NULL,
  UNIQUE (collector, tool, passes)
) STRICT;

CREATE TABLE counter (
  run_id       INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  ordinal      INTEGER NOT NULL,
  name_id      INTEGER NOT NULL REFERENCES counter_name (id),
  kernel_index INTEGER NOT NULL,
  value        REAL,
  reason       TEXT,
  source_id    INTEGER NOT NULL REFERENCES counter_source (id),
  PRIMARY KEY (run_id, ordinal),
  CHECK (value IS NOT NULL OR length(reason) > 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE resource (
  run_id                INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  ordinal               INTEGER NOT NULL,
  kernel_index          INTEGER NOT NULL,
  kernel                TEXT NOT NULL,
  grid_x                INTEGER NOT NULL,
  grid_y                INTEGER NOT NULL,
  grid_z                INTEGER NOT NULL,
  block_x               INTEGER NOT NULL,
  block_y               INTEGER NOT NULL,
  block_z               INTEGER NOT NULL,
  registers             INTEGER,
  static_shared_bytes   INTEGER,
  dynamic_shared_bytes  INTEGER NOT NULL,
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
  PRIMARY KEY (run_id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE correctness (
  run_id         INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
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
  PRIMARY KEY (run_id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE diagnostic (
  run_id   INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  ordinal  INTEGER NOT NULL,
  severity TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'error')),
  code     TEXT NOT NULL,
  message  TEXT NOT NULL,
  hint     TEXT NOT NULL,
  source   TEXT NOT NULL,
  PRIMARY KEY (run_id, ordinal)
) STRICT, WITHOUT ROWID;

-- With a rowid: an artifact may be large, and a large row does not belong into an index tree.
CREATE TABLE artifact (
  id         INTEGER PRIMARY KEY,
  run_id     INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  kind       TEXT NOT NULL,
  name       TEXT NOT NULL,
  media_type TEXT NOT NULL,
  content    BLOB NOT NULL
) STRICT;
CREATE INDEX artifact_by_run ON artifact (run_id);
