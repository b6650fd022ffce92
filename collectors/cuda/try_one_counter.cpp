#include <fmt/format.h>

#include "collectors/cuda/cuda_error.h"
#include "collectors/cuda/probe_kernel.h"
#include "collectors/cupti.h"
#include "collectors/halves.h"

namespace flashcore::collectors {
namespace {

class Probe final : public core::Launchable {
 public:
  std::string_view label() const override { return "an empty kernel"; }
  core::Status launch(core::StreamHandle stream) override {
    return cuda_status(launch_probe_kernel(static_cast<cudaStream_t>(stream)), "launch an empty kernel");
  }
  std::span<const core::KernelPlan> kernels() const override { return {}; }
  int kernels_per_launch() const override { return 1; }
};

class KeepValue final : public Sink {
 public:
  void sample(core::Sample) override {}
  void counter(core::CounterValue value) override { last = std::move(value); }
  void resource(core::ResourceRecord) override {}
  void diagnostic(core::DiagnosticRecord) override {}
  void artifact(core::ArtifactRecord) override {}
  core::CounterValue last;
};

}  // namespace

core::Result<std::string> try_one_counter() {
  Probe probe;
  KeepValue sink;
  CuptiCollector collector({});  // takes gpu__time_duration.sum by itself
  if (auto status = collector.collect(probe, sink, core::CancelToken(), {}); !status) {
    return core::fail(status.error());
  }
  if (collector.refusal()) return core::fail(*collector.refusal());
  if (!sink.last.value) {
    return core::fail(core::ErrorCode::kExternalTool, "CUPTI gave no value for an empty kernel",
                      "run again; if it persists, see whether ncu can read counters here", sink.last.reason);
  }
  return fmt::format("readable: {} of an empty kernel is {:.0f} ns", sink.last.name, *sink.last.value);
}

}  // namespace flashcore::collectors
