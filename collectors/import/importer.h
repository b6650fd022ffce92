// Importers: files of other profilers as runs. Each kernel that a file tells of becomes one run of a subject
// of kind `kernel` (or, of nvbench, one run a state of a benchmark), with one measurement that holds what
// the file says: every number by its vendor's name, also the unknown ones. A file of timings
// (scripts/compare_torch) becomes one run a subject and problem, with its samples and what was checked.
//
// Times, bytes and cycles are kept in base units (ns, bytes, 1, Hz, percent as percent). Answers do not
// apply, but to a file of timings: its subjects are right, wrong or unchecked.
//
// Owns: nothing. Threads: any. Errors: kUsage with file, line, column and reason ("FILE:3:17: ..."); nothing
// of a broken file is returned. Messages are cut; text from a file never reaches a terminal raw.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/records.h"
#include "core/result.h"

namespace flashcore::collectors {

enum class ImportFormat { kNcuCsv, kNcuReport, kNvbenchJson, kTimingsJson, kUnknown };

// By content, not by name.
ImportFormat import_format(std::string_view first_bytes);

struct Imported {
  std::vector<core::RunRecord> runs;  // origin, subject, device where it is named, kernels, one measurement
  std::vector<core::DiagnosticRecord> notes;  // what was skipped and why
};

// `ncu --csv`, raw or details page, with whatever ncu or the profiled program printed around the table.
// `file` is the name for messages. `collector`: "ncu".
core::Result<Imported> import_ncu_csv(std::string_view text, const std::string& file);

// nvbench's --json.
core::Result<Imported> import_nvbench_json(std::string_view text, const std::string& file);

// "flashcore.timings": samples of many subjects on attention problems, taken in turns in one process, as
// scripts/compare_torch writes them (docs/import.md has the format). A subject is a phase of FlashCore or a
// kernel of another program. `collector`: "check" and "timing". What is missing or out of range refuses the
// file, with the member's path.
core::Result<Imported> import_timings_json(std::string_view text, const std::string& file);
inline constexpr std::string_view kTimingsSchema = "flashcore.timings";
inline constexpr int kTimingsVersion = 1;

// The kernels of one launch, as ncu's raw page tells them in launch order, as one measurement of one run:
// kernel ordinals 0, 1, ...; what the ncu collector makes of its own run.
core::Result<core::MeasurementRecord> ncu_measurement(std::string_view csv, const std::string& file,
                                                      int kernels_per_launch);

}  // namespace flashcore::collectors
