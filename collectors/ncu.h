// Nsight Compute as a collector: ncu runs the target's launches in processes of their own and counts one that
// is warm, with the caches and clocks as they are and by application replay (docs/counters.md says why), so
// that its numbers can stand beside CUPTI's. Cold, ncu flushes the caches before each kernel (--cache-control
// all); a launch of several kernels then reads more from memory than CUPTI's, whose flush stands before the
// launch. Each target is taken by itself.
// Parameters: set, replay ("application"), cache, cache_flush (cold: "before each kernel"), clock, nvtx.
// Steps: "ncu", all of it.
//
// Owns: while it collects, a folder of its own below the temporary directory, in which ncu keeps its files;
// it goes with everything in it, however ncu ends. Units: as ncu's base units (ns, byte, hz).
// Threads: one a collector. Errors: those of collector.h; what stands against ncu is a measurement that was
// refused or failed, with what to do.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "collectors/collector.h"
#include "collectors/import/importer.h"
#include "core/cancel.h"
#include "core/result.h"

namespace flashcore::collectors {

struct NcuLimits {
  // ncu prints a line when it starts a pass; silent for longer than this it is taken for hung.
  std::chrono::milliseconds silence = std::chrono::minutes(10);
  std::size_t report_bytes = std::size_t{64} << 20;  // of a report that is kept
};

std::unique_ptr<Collector> make_ncu_collector(const CollectOptions& options, const NcuLimits& limits = {});

// The kernels of a report (.ncu-rep), which only ncu can read. `ncu_path` as in CollectOptions. kUsage where
// it is no report, kExternalTool where ncu is missing or breaks, kCancelled.
core::Result<Imported> import_ncu_report(const std::filesystem::path& report, const std::string& ncu_path,
                                         const core::CancelToken& cancel);

}  // namespace flashcore::collectors
