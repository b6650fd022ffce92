-- Schema 4: the clock of a run beside its times, so that a history of a thousand runs reads no samples.
-- docs/schema.md says what every column means; a test holds the two together.

ALTER TABLE run_summary ADD COLUMN clock_mhz REAL CHECK (clock_mhz > 0 AND clock_mhz < 9e999);

-- The nearest-rank median of the graph samples, else of the single launches.
UPDATE run_summary SET clock_mhz = coalesce(
  (SELECT mhz FROM (SELECT s.effective_clock_mhz AS mhz, row_number() OVER (ORDER BY s.effective_clock_mhz) AS place,
      count(*) OVER () AS n FROM measurement m JOIN sample s ON s.measurement_id = m.id
    WHERE m.run_id = run_summary.run_id AND s.kind = 'graph' AND s.effective_clock_mhz IS NOT NULL)
    WHERE place = (n + 1) / 2),
  (SELECT mhz FROM (SELECT s.effective_clock_mhz AS mhz, row_number() OVER (ORDER BY s.effective_clock_mhz) AS place,
      count(*) OVER () AS n FROM measurement m JOIN sample s ON s.measurement_id = m.id
    WHERE m.run_id = run_summary.run_id AND s.kind = 'launch' AND s.effective_clock_mhz IS NOT NULL)
    WHERE place = (n + 1) / 2));
