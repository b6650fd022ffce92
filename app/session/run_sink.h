// RunSink: collects what the collectors hand over into one RunRecord.
//
// Owns: nothing; writes to the record that it was given, which must outlive it. Threads: one.
#pragma once

#include <utility>

#include "collectors/collector.h"
#include "core/records.h"

namespace flashcore::session {

class RunSink final : public collectors::Sink {
 public:
  explicit RunSink(core::RunRecord& run) : run_(run) {}
  void sample(core::Sample s) override { run_.samples.push_back(std::move(s)); }
  void counter(core::CounterValue c) override { run_.counters.push_back(std::move(c)); }
  void resource(core::ResourceRecord r) override { run_.resources.push_back(std::move(r)); }
  void diagnostic(core::DiagnosticRecord d) override { run_.diagnostics.push_back(std::move(d)); }
  void artifact(core::ArtifactRecord a) override { run_.artifacts.push_back(std::move(a)); }

 private:
  core::RunRecord& run_;
};

}  // namespace flashcore::session
