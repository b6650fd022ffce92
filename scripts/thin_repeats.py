#!/usr/bin/env python3
"""usage: scripts/thin_repeats.py DATABASE

Leaves in a database of repeated runs what verdicts are calibrated on: the graph samples, at single precision (they
compress to half), counters and resources. The counts of every measurement follow. For scripts/record_repeats;
the database is changed in place.
"""
import sqlite3
import struct
import sys

THIN = """
CREATE TEMP TABLE kept AS
  SELECT measurement_id, row_number() OVER (PARTITION BY measurement_id ORDER BY ordinal) - 1 AS ordinal, kind, sample_index,
         launches, single(duration_ns) AS duration_ns, nominal_before_mhz, nominal_after_mhz,
         single(effective_clock_mhz) AS effective_clock_mhz
  FROM sample WHERE kind = 'graph';
DELETE FROM sample;
INSERT INTO sample (measurement_id, ordinal, kind, sample_index, launches, duration_ns, nominal_before_mhz,
                    nominal_after_mhz, effective_clock_mhz)
  SELECT * FROM kept ORDER BY measurement_id, ordinal;
DROP TABLE kept;
DELETE FROM clock_log;
DELETE FROM measurement_step;
DELETE FROM session_step;
DELETE FROM artifact;
DELETE FROM measurement_parameter WHERE name = 'nvtx';
UPDATE measurement SET clock_count = 0, step_count = 0, artifact_count = 0,
  sample_count = (SELECT count(*) FROM sample WHERE measurement_id = measurement.id),
  parameter_count = (SELECT count(*) FROM measurement_parameter WHERE measurement_id = measurement.id);
UPDATE session SET step_count = 0;
"""


def single(value):
    return None if value is None else struct.unpack("f", struct.pack("f", value))[0]


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__.strip(), file=sys.stderr if len(sys.argv) != 2 else sys.stdout)
        return 0 if sys.argv[1:] in (["-h"], ["--help"]) else 2
    try:
        database = sqlite3.connect(f"file:{sys.argv[1]}?mode=rw", uri=True)
        database.create_function("single", 1, single, deterministic=True)
        database.executescript("BEGIN;" + THIN + "COMMIT;")
        database.execute("VACUUM")
        database.close()
    except sqlite3.Error as error:
        print(f"scripts/thin_repeats.py: {sys.argv[1]}: {error}", file=sys.stderr)
        return 5
    return 0


if __name__ == "__main__":
    sys.exit(main())
