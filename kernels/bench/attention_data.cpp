#include "kernels/bench/attention_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "kernels/bench/check.h"
#include "kernels/bench/check_bytes.h"
#include "kernels/bench/elements.h"
#include "kernels/bench/refusals.h"

#if FLASHCORE_CUDA
#include <cuda_runtime_api.h>

#include "cuda/runtime/error.h"
#include "cuda/runtime/memory.h"
#include "kernels/bench/device/attention_kernels.h"
#include "kernels/bench/device/check_steps.h"
#include "kernels/bench/device/guarded_memory.h"
#endif

namespace flashcore::kernels::bench {

using core::ErrorCode;
using core::fail;
using core::Result;
using core::Status;

namespace {

Status check_served(const core::AttentionProblem& p) {
  if (auto ok = core::validate(p); !ok) return ok;
  if (has_element(p) && p.head_dim % 8 == 0 && p.head_dim <= 128) return {};
  return fail(ErrorCode::kUsage,
              fmt::format("no answer of {} can be checked: the reference takes f16 or bf16 and a D that is a "
                          "multiple of 8 and at most 128",
                          core::problem_label(p)),
              "take a problem of f16 or bf16 with D = 64 or 128");
}

}  // namespace

std::int64_t AttentionData::check_bytes(const core::AttentionProblem& p) noexcept {
  std::int64_t temporary = output_bytes(p);
  for (const BandRows& rows : band_rows(p)) {
    if (band_elements(p, rows) < kPlainElements) temporary = std::max(temporary, draw_bytes(p, rows.band));
  }
  return reference_bytes(p) + kScratchBytes + temporary;
}

#if FLASHCORE_CUDA

using cuda::cuda_status;

struct AttentionData::Buffers {
  using Loaded = std::pair<core::InputKind, std::uint64_t>;

  GuardedMemory q, k, v;
  cuda::DeviceMemory reference, scratch;
  std::optional<Loaded> loaded;
  bool has_reference = false;  // of what is loaded
  std::map<Loaded, Bands> plain;
  std::map<std::pair<core::InputKind, int>, Comparison> draws;

  DeviceInputs inputs() const { return {q.data(), k.data(), v.data()}; }
  double* exact() const { return static_cast<double*>(reference.data()); }

  Status ensure_scratch() {
    if (scratch.data() != nullptr) return {};
    return take_memory(scratch, kScratchBytes, "the comparison");
  }

  Status ensure_reference(const core::AttentionProblem& p) {
    if (has_reference) return {};
    if (reference.data() == nullptr) {
      if (auto ok = take_memory(reference, reference_bytes(p), "the reference"); !ok) return ok;
    }
    if (auto ok = ensure_scratch(); !ok) return ok;
    const cudaError_t error = reference_attention(p, inputs(), exact());
    if (auto ok = cuda_status(error, "launch the reference"); !ok) return ok;
    if (auto ok = cuda_status(cudaDeviceSynchronize(), "finish the reference"); !ok) return ok;
    has_reference = true;
    return {};
  }

  // The plain error of what is loaded, further draws included.
  Result<Bands> ensure_plain(const core::AttentionProblem& p) {
    if (const auto known = plain.find(*loaded); known != plain.end()) return known->second;
    auto bands = plain_on_device(p, inputs(), exact(), scratch.data());
    if (!bands) return fail(bands.error());
    for (const BandRows& rows : band_rows(p)) {
      if (band_elements(p, rows) >= kPlainElements) continue;
      const std::pair key{loaded->first, rows.band};
      auto drawn = draws.find(key);
      if (drawn == draws.end()) {
        auto found = draw_on_device(p, loaded->first, rows.band, scratch.data());
        if (!found) return fail(found.error());
        drawn = draws.emplace(key, *found).first;
      }
      take_draws((*bands)[static_cast<std::size_t>(rows.band)], drawn->second);
    }
    plain.emplace(*loaded, *bands);
    return bands;
  }
};

AttentionData::AttentionData(const core::AttentionProblem& problem)
    : problem_(problem), buffers_(std::make_unique<Buffers>()) {}

AttentionData::~AttentionData() = default;

const void* AttentionData::q() const {
  return buffers_->q.data();
}
const void* AttentionData::k() const {
  return buffers_->k.data();
}
const void* AttentionData::v() const {
  return buffers_->v.data();
}

std::int64_t AttentionData::pending_bytes() const noexcept {
  return check_bytes(problem_) -
         static_cast<std::int64_t>(buffers_->reference.bytes() + buffers_->scratch.bytes());
}

Result<std::shared_ptr<AttentionData>> AttentionData::create(const core::AttentionProblem& problem) {
  if (auto ok = check_served(problem); !ok) return fail(ok.error());
  int devices = 0;
  cudaError_t error = cudaGetDeviceCount(&devices);
  if (error == cudaSuccess && devices == 0) error = cudaErrorNoDevice;
  std::size_t free_bytes = 0, total_bytes = 0;
  if (error == cudaSuccess) error = cudaMemGetInfo(&free_bytes, &total_bytes);
  if (auto ok = cuda_status(error, "ask how much memory is free"); !ok) return fail(ok.error());
  const std::int64_t tensors = core::tensor_bytes(problem);
  const std::int64_t check = check_bytes(problem);
  if (tensors + check > static_cast<std::int64_t>(free_bytes) - kReservedBytes) {
    return fail(ErrorCode::kUsage,
                fmt::format("{} needs {} for its tensors and {} for the check; the device has {} free of {}",
                            core::problem_label(problem), mebibytes(tensors), mebibytes(check),
                            mebibytes(static_cast<std::int64_t>(free_bytes)),
                            mebibytes(static_cast<std::int64_t>(total_bytes))),
                "take a smaller problem, or end other programs on the device");
  }
  std::shared_ptr<AttentionData> data(new AttentionData(problem));
  Buffers& b = *data->buffers_;
  for (const auto& [memory, bytes] : {std::pair<GuardedMemory*, std::int64_t>{&b.q, 2 * problem.q_elements()},
                                      {&b.k, 2 * problem.kv_elements()},
                                      {&b.v, 2 * problem.kv_elements()}}) {
    cudaError_t taken = memory->allocate(static_cast<std::size_t>(bytes));
    if (taken == cudaErrorMemoryAllocation) return fail(refused_memory(bytes, core::problem_label(problem)));
    if (taken == cudaSuccess) taken = cudaMemset(memory->data(), 0, memory->bytes());
    if (auto ok = cuda_status(taken, "take memory for the inputs"); !ok) return fail(ok.error());
  }
  return data;
}

Status AttentionData::load(core::InputKind input, std::uint64_t seed) {
  Buffers& b = *buffers_;
  const Buffers::Loaded wanted{input, seed};
  if (b.loaded == wanted) return {};
  // Other streams may still read the inputs, and may be the next to read them.
  if (auto ok = cuda_status(cudaDeviceSynchronize(), "finish what reads the inputs"); !ok) return ok;
  b.loaded.reset();
  b.has_reference = false;
  if (auto ok = fill_inputs(problem_, input, seed, b.inputs()); !ok) return ok;
  if (auto ok = cuda_status(cudaDeviceSynchronize(), "make the inputs on the device"); !ok) return ok;
  b.loaded = wanted;
  return {};
}

bool AttentionData::loaded() const {
  return buffers_->loaded.has_value();
}

Status AttentionData::check_loaded() const {
  if (buffers_->loaded) return {};
  return fail(ErrorCode::kUsage,
              fmt::format("no inputs of {} were loaded, so there is nothing to compare with",
                          core::problem_label(problem_)),
              "load inputs before the launch");
}

Status AttentionData::prepare_check() {
  if (auto ok = check_loaded(); !ok) return ok;
  if (auto ok = buffers_->ensure_reference(problem_); !ok) return ok;
  if (auto plain = buffers_->ensure_plain(problem_); !plain) return fail(plain.error());
  return {};
}

Result<std::string> AttentionData::mend_inputs() {
  if (auto ok = check_loaded(); !ok) return fail(ok.error());
  Buffers& b = *buffers_;
  const auto [input, seed] = *b.loaded;
  if (auto ok = b.ensure_scratch(); !ok) return fail(ok.error());
  const auto counted = count_changed(problem_, input, seed, b.inputs(), b.scratch.data());
  if (!counted) return fail(counted.error());
  std::string changed;
  for (std::size_t i = 0; i < counted->size(); ++i) {
    if ((*counted)[i] == 0) continue;
    changed += fmt::format("{}{} element{} of {}", changed.empty() ? "" : ", ", (*counted)[i],
                           (*counted)[i] == 1 ? "" : "s", "QKV"[i]);
  }
  for (const auto& [memory, name] : {std::pair{&b.q, 'Q'}, {&b.k, 'K'}, {&b.v, 'V'}}) {
    std::int64_t damage = 0;
    if (auto ok = cuda_status(memory->count_damage(damage), "read the guards of the inputs"); !ok) {
      return fail(ok.error());
    }
    if (damage == 0) continue;
    changed += fmt::format("{}{} byte{} around {}", changed.empty() ? "" : ", ", damage,
                           damage == 1 ? "" : "s", name);
    if (auto ok = cuda_status(memory->poison(), "mend the guards of the inputs"); !ok)
      return fail(ok.error());
  }
  if (changed.empty()) return changed;
  b.loaded.reset();
  if (auto ok = fill_inputs(problem_, input, seed, b.inputs()); !ok) return fail(ok.error());
  if (auto ok = cuda_status(cudaDeviceSynchronize(), "make the inputs on the device"); !ok)
    return fail(ok.error());
  b.loaded = {input, seed};
  return changed;
}

Status AttentionData::launch_behind_other_inputs(const std::function<Status()>& launch) {
  if (auto ok = check_loaded(); !ok) return ok;
  Buffers& b = *buffers_;
  const auto [input, seed] = *b.loaded;
  const core::InputKind other =
      input == core::InputKind::kNormal ? core::InputKind::kPeaked : core::InputKind::kNormal;
  b.loaded.reset();  // until the last launch is enqueued: an error on the way leaves neither
  const bool had_reference = std::exchange(b.has_reference, false);
  // Another seed too: K and V of one seed are the same in both kinds.
  if (auto ok = fill_inputs(problem_, other, seed + 1, b.inputs()); !ok) return ok;
  if (auto ok = launch(); !ok) return ok;
  if (auto ok = fill_inputs(problem_, input, seed, b.inputs()); !ok) return ok;
  if (auto ok = launch(); !ok) return ok;
  b.loaded = {input, seed};
  b.has_reference = had_reference;
  return {};
}

Result<core::CheckRecord> AttentionData::compare(const void* o) {
  if (auto ok = cuda_status(cudaDeviceSynchronize(), "finish the work on the device"); !ok)
    return fail(ok.error());
  if (auto ok = prepare_check(); !ok) return fail(ok.error());
  Buffers& b = *buffers_;
  const auto answer = compare_on_device(problem_, o, b.exact(), b.scratch.data());
  if (!answer) return fail(answer.error());
  return judge(problem_, b.loaded->first, b.loaded->second, *answer, b.plain.at(*b.loaded), "the GPU");
}

#else  // a viewer: nothing can be computed, so no object ever exists

struct AttentionData::Buffers {};

AttentionData::AttentionData(const core::AttentionProblem& problem) : problem_(problem) {}
AttentionData::~AttentionData() = default;

Result<std::shared_ptr<AttentionData>> AttentionData::create(const core::AttentionProblem& problem) {
  if (auto ok = check_served(problem); !ok) return fail(ok.error());
  return fail(no_toolkit());
}
const void* AttentionData::q() const {
  return nullptr;
}
const void* AttentionData::k() const {
  return nullptr;
}
const void* AttentionData::v() const {
  return nullptr;
}
Status AttentionData::load(core::InputKind, std::uint64_t) {
  return fail(no_toolkit());
}
bool AttentionData::loaded() const {
  return false;
}
Status AttentionData::check_loaded() const {
  return fail(no_toolkit());
}
Status AttentionData::prepare_check() {
  return fail(no_toolkit());
}
Result<std::string> AttentionData::mend_inputs() {
  return fail(no_toolkit());
}
Status AttentionData::launch_behind_other_inputs(const std::function<Status()>&) {
  return fail(no_toolkit());
}
Result<core::CheckRecord> AttentionData::compare(const void*) {
  return fail(no_toolkit());
}
std::int64_t AttentionData::pending_bytes() const noexcept {
  return check_bytes(problem_);
}

#endif

}  // namespace flashcore::kernels::bench
