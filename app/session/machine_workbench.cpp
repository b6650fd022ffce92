// The workbench of this machine: the phases of kernels/, prepared by kernels/bench/, measured by collectors/.
#include <fmt/format.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "app/session/helper_process.h"
#include "app/session/workbench.h"
#include "collectors/device.h"
#include "collectors/halves.h"
#include "core/attention.h"
#include "kernels/bench/attention_data.h"
#include "kernels/bench/prepared_attention.h"
#include "kernels/device_traits.h"
#include "kernels/models.h"
#include "kernels/phase.h"
#include "kernels/phase_index.h"

namespace flashcore::session {
namespace {

using core::ErrorCode;
using core::fail;
using core::Result;
using core::Status;
using kernels::bench::AttentionData;

class PreparedPhase final : public Prepared {
 public:
  explicit PreparedPhase(std::unique_ptr<kernels::bench::PreparedAttention> attention)
      : attention_(std::move(attention)) {}
  core::Launchable& launchable() override { return *attention_; }
  Status load(core::InputKind input, std::uint64_t seed) override {
    return attention_->data().load(input, seed);
  }
  Status poison() override { return attention_->poison(); }
  Result<core::CheckRecord> check() override { return attention_->check(); }
  Result<core::CheckRecord> check_output() override { return attention_->check_output(); }

 private:
  std::unique_ptr<kernels::bench::PreparedAttention> attention_;
};

// Q, K and V: what all phases of a problem read.
std::int64_t input_bytes(const core::AttentionProblem& problem) {
  return core::tensor_bytes(problem) - problem.q_elements() * core::dtype_bytes(problem.dtype);
}

// What a phase's launches take beside their tensors, on the current device. Kept, for the memory of a session
// is planned more than once, and the last time when this process has given the device back.
class Workspaces {
 public:
  explicit Workspaces(const kernels::PhaseDescriptor& phase) : phase_(phase) {}

  std::int64_t bytes(const core::AttentionProblem& problem) {
    const auto device = kernels::current_device_traits();
    if (!device) return 0;  // nothing is launched there
    const std::string key = fmt::format("{}:{}", device->ordinal, core::canonical_text(problem));
    const auto known = known_.find(key);
    return known != known_.end() ? known->second : known_[key] = ask(problem, *device);
  }

 private:
  // A library is not waited for as long as the most that it may want does no harm: the scores of all heads in
  // FP32, and some for itself.
  static constexpr std::int64_t kLibraryBytes = std::int64_t{64} << 20;
  static constexpr double kHarmless = 8e9;

  std::int64_t ask(const core::AttentionProblem& p, const kernels::DeviceTraits& device) const {
    const double scores =
        4.0 * static_cast<double>(p.batch * p.heads * p.seq_q) * static_cast<double>(p.seq_k);
    if (phase_.available != nullptr && scores < kHarmless) {
      return kLibraryBytes + static_cast<std::int64_t>(scores);
    }
    const auto plan = kernels::plan_launch(phase_, kernels::contiguous_call(p), device);
    return plan ? static_cast<std::int64_t>((*plan)->workspace_bytes())
                : 0;  // why not is told when it is launched
  }

  const kernels::PhaseDescriptor& phase_;
  std::map<std::string, std::int64_t> known_;
};

BenchSubject subject_of(const kernels::PhaseDescriptor& phase) {
  BenchSubject subject;
  subject.info = phase.info;
  subject.source_hash = kernels::phase_hash(phase.info.id);
  subject.supports = [&phase](const core::Problem& problem) -> Status {
    auto attention = core::attention_of(problem);
    if (!attention) return fail(attention.error());
    return kernels::check_supported(phase, kernels::contiguous_call(*attention));
  };
  subject.model = [](const core::Problem& problem) -> std::optional<core::ModelRecord> {
    auto attention = core::attention_of(problem);
    return attention ? std::optional(kernels::attention_model(*attention)) : std::nullopt;
  };
  subject.shared_bytes = [](const core::Problem& problem) -> std::int64_t {
    auto attention = core::attention_of(problem);
    return attention ? input_bytes(*attention) + AttentionData::check_bytes(*attention) : 0;
  };
  subject.device_bytes =
      [workspaces = std::make_shared<Workspaces>(phase)](const core::Problem& problem) -> std::int64_t {
    auto attention = core::attention_of(problem);
    if (!attention) return 0;
    return core::tensor_bytes(*attention) + AttentionData::check_bytes(*attention) +
           workspaces->bytes(*attention);
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
  MachineWorkbench(Requests requests, std::string program)
      : requests_(requests),
        program_(program.empty() ? this_program() : std::move(program)),
        helpers_([this] {
          return std::make_unique<HelperProcess>(
              core::ChildSpec{.program = program_, .arguments = {"helper"}, .environment = {}});
        }) {
    for (const auto* phase : kernels::phases(true)) subjects_.push_back(subject_of(*phase));
  }

  std::vector<const BenchSubject*> subjects(bool with_hidden) const override {
    std::vector<const BenchSubject*> list;
    for (const BenchSubject& subject : subjects_) {
      if (with_hidden || !subject.info.hidden) list.push_back(&subject);
    }
    return list;
  }

  Result<core::DeviceRecord> use_device(int ordinal) override {
    auto device = collectors::use_device(ordinal);
    if (device) device_ = ordinal;
    return device;
  }

  // Nothing of it changes while the program runs.
  core::EnvironmentRecord environment() override {
    if (!environment_) {
      environment_ = collectors::read_environment();
      environment_->kernels_hash = kernels::kernels_hash();
    }
    return *environment_;
  }

  Result<std::unique_ptr<Prepared>> prepare(const BenchSubject& subject, const core::Problem& problem,
                                            std::uint64_t seed) override {
    auto phase = kernels::find_phase(subject.info.id);
    if (!phase) return fail(phase.error());
    auto attention = core::attention_of(problem);
    if (!attention) return fail(attention.error());
    auto data = data_of(*attention);
    if (!data) return fail(data.error());
    if (auto ok = (*data)->load(core::InputKind::kNormal, seed); !ok) return fail(ok.error());
    auto prepared = kernels::bench::PreparedAttention::create(**phase, *std::move(data));
    if (!prepared) return fail(prepared.error());
    return std::make_unique<PreparedPhase>(*std::move(prepared));
  }

  const collectors::Registry& registry() const override { return collectors::registry(); }

  HelperPool& helpers() override { return helpers_; }

  void look_for(std::span<const BenchSubject* const> subjects) override {
    std::vector<std::function<Status()>> asked;
    for (const BenchSubject* subject : subjects) {
      if (subject->available) asked.push_back(subject->available);
    }
    if (asked.empty() || looking_.joinable()) return;
    // Opening a library keeps others from being opened; the driver's is small and is needed first.
    (void)collectors::cuda_driver_api_version();
    looking_ = std::jthread([asked = std::move(asked)] {
      for (const auto& available : asked) (void)available();
    });
  }

  void finish_launching() override {
    if (requests_ != Requests::kOne || giving_back_.joinable()) return;
    giving_back_ = std::jthread([device = device_] { collectors::give_back_device(device); });
  }

  collectors::Relaunch relaunch(const BenchSubject& subject, const core::Problem& problem, int device,
                                std::uint64_t seed, int launches) const override {
    return {program_,
            {"launch", "--phase", std::string(subject.info.id), "--shape", core::canonical_text(problem),
             "--device", std::to_string(device), "--seed", std::to_string(seed), "--count",
             std::to_string(launches)}};
  }

 private:
  // The inputs and the reference of a problem, which all that is prepared for it on this device shares; given
  // back with the last of them.
  Result<std::shared_ptr<AttentionData>> data_of(const core::AttentionProblem& problem) {
    std::erase_if(data_, [](const auto& entry) { return entry.second.expired(); });
    std::weak_ptr<AttentionData>& known = data_[fmt::format("{}:{}", device_, core::canonical_text(problem))];
    if (auto data = known.lock()) return data;
    auto fresh = AttentionData::create(problem);
    if (fresh) known = *fresh;
    return fresh;
  }

  const Requests requests_;
  std::string program_;
  std::vector<BenchSubject> subjects_;
  int device_ = 0;  // the one that is current
  std::optional<core::EnvironmentRecord> environment_;
  std::map<std::string, std::weak_ptr<AttentionData>> data_;
  HelperPool helpers_;
  std::jthread looking_, giving_back_;
};

}  // namespace

std::unique_ptr<Workbench> machine_workbench(Requests requests, const std::string& program) {
  return std::make_unique<MachineWorkbench>(requests, program);
}

}  // namespace flashcore::session
