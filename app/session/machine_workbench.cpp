// The workbench of this machine: the phases of kernels/, prepared by kernels/bench/, measured by collectors/.
#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <utility>

#include "app/session/helper_process.h"
#include "app/session/measurement_json.h"
#include "app/session/workbench.h"
#include "collectors/device.h"
#include "core/attention.h"
#include "kernels/bench/prepared_attention.h"
#include "kernels/phase_index.h"

namespace flashcore::session {
namespace {

using core::ErrorCode;
using core::fail;
using core::Result;
using core::Status;

class PreparedPhase final : public Prepared {
 public:
  explicit PreparedPhase(std::unique_ptr<kernels::bench::PreparedAttention> attention)
      : attention_(std::move(attention)) {}
  core::Launchable& launchable() override { return *attention_; }
  Status reseed(std::uint64_t seed) override { return attention_->reseed(seed); }
  Result<core::CheckRecord> check() override { return attention_->check(); }

 private:
  std::unique_ptr<kernels::bench::PreparedAttention> attention_;
};

BenchSubject subject_of(const kernels::PhaseDescriptor& phase) {
  BenchSubject subject;
  subject.info = phase.info;
  subject.source_hash = kernels::phase_hash(phase.info.id);
  subject.supports = [&phase](const core::Problem& problem) -> Status {
    auto attention = core::attention_of(problem);
    return attention ? phase.supports(*attention) : fail(attention.error());
  };
  subject.model = [&phase](const core::Problem& problem) -> std::optional<core::ModelRecord> {
    auto attention = core::attention_of(problem);
    if (!attention || phase.flops == nullptr || phase.bytes == nullptr) return std::nullopt;
    return core::ModelRecord{phase.flops(*attention), phase.bytes(*attention)};
  };
  subject.device_bytes = [&phase](const core::Problem& problem) -> std::int64_t {
    auto attention = core::attention_of(problem);
    if (!attention) return 0;
    const auto workspace = phase.workspace_bytes ? phase.workspace_bytes(*attention) : 0;
    return core::tensor_bytes(*attention) + static_cast<std::int64_t>(workspace);
  };
  if (phase.available != nullptr) subject.available = phase.available;
  return subject;
}

std::string this_program() {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::string("flashcore-profile") : path.string();
}

class MachineWorkbench final : public Workbench {
 public:
  explicit MachineWorkbench(std::string program)
      : program_(program.empty() ? this_program() : std::move(program)) {
    for (const auto* phase : kernels::phases(true)) subjects_.push_back(subject_of(*phase));
  }

  std::vector<const BenchSubject*> subjects(bool with_hidden) const override {
    std::vector<const BenchSubject*> list;
    for (const BenchSubject& subject : subjects_) {
      if (with_hidden || !subject.info.hidden) list.push_back(&subject);
    }
    return list;
  }

  Result<core::DeviceRecord> use_device(int ordinal) override { return collectors::use_device(ordinal); }

  core::EnvironmentRecord environment() override {
    auto environment = collectors::read_environment();
    environment.kernels_hash = kernels::kernels_hash();
    return environment;
  }

  Result<std::unique_ptr<Prepared>> prepare(const BenchSubject& subject, const core::Problem& problem,
                                            std::uint64_t seed) override {
    auto phase = kernels::find_phase(subject.info.id);
    if (!phase) return fail(phase.error());
    auto attention = core::attention_of(problem);
    if (!attention) return fail(attention.error());
    auto prepared = kernels::bench::PreparedAttention::create(**phase, *attention, seed);
    if (!prepared) return fail(prepared.error());
    return std::make_unique<PreparedPhase>(*std::move(prepared));
  }

  const collectors::Registry& registry() const override { return collectors::registry(); }

  Result<Helper*> helper(const std::string& collector, int device,
                         const collectors::CollectOptions& options) override {
    const std::string fit = fmt::format("{}:{}", device, options_json(options));
    Warm& warm = helpers_[collector];
    if (warm.process && warm.fit == fit && warm.process->alive()) return warm.process.get();
    warm.process.reset();  // its memory on the device is given back before the next one takes some
    auto fresh = std::make_unique<HelperProcess>(
        core::ChildSpec{.program = program_, .arguments = {"helper"}, .environment = {}});
    if (auto ok = fresh->start(collector, device, options); !ok) return fail(ok.error());
    warm = {fit, std::move(fresh)};
    return warm.process.get();
  }

  void drop_helper(const std::string& collector) override { helpers_.erase(collector); }

  collectors::Relaunch relaunch(const BenchSubject& subject, const core::Problem& problem, int device,
                                std::uint64_t seed, int launches) const override {
    return {program_,
            {"launch", "--phase", std::string(subject.info.id), "--shape", core::canonical_text(problem),
             "--device", std::to_string(device), "--seed", std::to_string(seed), "--count",
             std::to_string(launches)}};
  }

 private:
  struct Warm {
    std::string fit;  // what it was started for
    std::unique_ptr<HelperProcess> process;
  };

  std::string program_;
  std::vector<BenchSubject> subjects_;
  std::map<std::string, Warm> helpers_;
};

}  // namespace

std::unique_ptr<Workbench> machine_workbench(const std::string& program) {
  return std::make_unique<MachineWorkbench>(program);
}

}  // namespace flashcore::session
