#include "kernels/bench/attention_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "kernels/bench/check.h"
#include "kernels/bench/refusals.h"

#if FLASHCORE_CUDA
#include <cuda_runtime_api.h>

#include "cuda/runtime/error.h"
#include "cuda/runtime/memory.h"
#include "kernels/bench/device/attention_kernels.h"
#include "kernels/bench/random.h"
#endif

namespace flashcore::kernels::bench {

using core::ErrorCode;
using core::fail;
using core::Result;
using core::Status;

namespace {

Status check_served(const core::AttentionProblem& p) {
  if (auto ok = core::validate(p); !ok) return ok;
  if (p.dtype == "f16" && p.head_dim % 8 == 0 && p.head_dim <= 128) return {};
  return fail(
      ErrorCode::kUsage,
      fmt::format("no answer of {} can be checked: the reference takes f16 and a D that is a multiple of 8 "
                  "and at most 128",
                  core::problem_label(p)),
      "take a problem of f16 with D = 64 or 128");
}

constexpr std::int64_t kScratchBytes = kCompareParts * static_cast<std::int64_t>(sizeof(Comparison));

// O in FP64, and in halves.
std::int64_t reference_bytes(const core::AttentionProblem& p) noexcept {
  return 8 * p.q_elements();
}
std::int64_t output_bytes(const core::AttentionProblem& p) noexcept {
  return 2 * p.q_elements();
}

// All that a further draw of a band takes.
std::int64_t draw_bytes(const core::AttentionProblem& p, int band) noexcept {
  const core::AttentionProblem draw = draw_problem(p, band, kPlainElements);
  return core::tensor_bytes(draw) + reference_bytes(draw);
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

namespace {

std::size_t as_size(std::int64_t bytes) noexcept {
  return static_cast<std::size_t>(bytes);
}

Status take_memory(cuda::DeviceMemory& memory, std::int64_t bytes, std::string_view what) {
  const cudaError_t error = memory.allocate(as_size(bytes));
  if (error == cudaErrorMemoryAllocation) return fail(refused_memory(bytes, what));
  return cuda_status(error, "take memory on the device");
}

Status fill(const core::AttentionProblem& p, core::InputKind input, std::uint64_t seed,
            const DeviceInputs& to) {
  const InputStreams streams = input_streams(input, seed);
  cudaError_t error = fill_halves(const_cast<void*>(to.q), p.q_elements(), streams.q, streams.q_gain);
  if (error == cudaSuccess) error = fill_halves(const_cast<void*>(to.k), p.kv_elements(), streams.k, 1.0F);
  if (error == cudaSuccess) error = fill_halves(const_cast<void*>(to.v), p.kv_elements(), streams.v, 1.0F);
  return cuda_status(error, "make the inputs on the device");
}

// How many elements of Q, K and V are not those of the input and the seed.
Result<std::array<unsigned long long, 3>> count_changed(const core::AttentionProblem& p,
                                                        core::InputKind input, std::uint64_t seed,
                                                        const DeviceInputs& in, void* scratch) {
  std::array<unsigned long long, 3> changed{};
  static_assert(sizeof changed <= kScratchBytes);
  auto* const count = static_cast<unsigned long long*>(scratch);
  const InputStreams of = input_streams(input, seed);
  cudaError_t error = cudaMemset(count, 0, sizeof changed);
  if (error == cudaSuccess) error = count_differing_halves(in.q, p.q_elements(), of.q, of.q_gain, count);
  if (error == cudaSuccess) error = count_differing_halves(in.k, p.kv_elements(), of.k, 1.0F, count + 1);
  if (error == cudaSuccess) error = count_differing_halves(in.v, p.kv_elements(), of.v, 1.0F, count + 2);
  if (error == cudaSuccess) error = cudaMemcpy(changed.data(), count, sizeof changed, cudaMemcpyDeviceToHost);
  if (auto ok = cuda_status(error, "look whether the inputs were changed"); !ok) return fail(ok.error());
  return changed;
}

Result<Bands> compare_on_device(const core::AttentionProblem& p, const void* o, const double* reference,
                                void* scratch) {
  Bands bands{};
  for (const BandRows& rows : band_rows(p)) {
    const cudaError_t error =
        compare_band(p, rows, o, reference, scratch, bands[static_cast<std::size_t>(rows.band)]);
    if (auto ok = cuda_status(error, "compare an answer with the reference"); !ok) return fail(ok.error());
  }
  return bands;
}

// The error of the plain method on these inputs, whose reference is there.
Result<Bands> plain_on_device(const core::AttentionProblem& p, const DeviceInputs& inputs,
                              const double* reference, void* scratch) {
  cuda::DeviceMemory plain;
  if (auto ok = take_memory(plain, output_bytes(p), "the plain answer"); !ok) return fail(ok.error());
  const cudaError_t error = plain_attention(p, inputs, plain.data());
  if (auto ok = cuda_status(error, "launch the plain method"); !ok) return fail(ok.error());
  return compare_on_device(p, plain.data(), reference, scratch);
}

// The plain error of a band's further draws.
Result<Comparison> draw_on_device(const core::AttentionProblem& problem, core::InputKind input, int band,
                                  void* scratch) {
  const core::AttentionProblem p = draw_problem(problem, band, kPlainElements);
  cuda::DeviceMemory q, k, v, reference;
  for (const auto& [memory, bytes] : {std::pair<cuda::DeviceMemory*, std::int64_t>{&q, 2 * p.q_elements()},
                                      {&k, 2 * p.kv_elements()},
                                      {&v, 2 * p.kv_elements()},
                                      {&reference, reference_bytes(p)}}) {
    if (auto ok = take_memory(*memory, bytes, "further draws of the plain error"); !ok)
      return fail(ok.error());
  }
  const DeviceInputs inputs{q.data(), k.data(), v.data()};
  if (auto ok = fill(p, input, draw_seed(band), inputs); !ok) return fail(ok.error());
  auto* exact = static_cast<double*>(reference.data());
  const cudaError_t error = reference_attention(p, inputs, exact);
  if (auto ok = cuda_status(error, "launch the reference"); !ok) return fail(ok.error());
  auto bands = plain_on_device(p, inputs, exact, scratch);
  if (!bands) return fail(bands.error());
  return (*bands)[static_cast<std::size_t>(band)];
}

}  // namespace

struct AttentionData::Buffers {
  using Loaded = std::pair<core::InputKind, std::uint64_t>;

  cuda::DeviceMemory q, k, v, reference, scratch;
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
  for (const auto& [memory, bytes] :
       {std::pair<cuda::DeviceMemory*, std::int64_t>{&b.q, 2 * problem.q_elements()},
        {&b.k, 2 * problem.kv_elements()},
        {&b.v, 2 * problem.kv_elements()}}) {
    if (auto ok = take_memory(*memory, bytes, core::problem_label(problem)); !ok) return fail(ok.error());
    if (auto ok = cuda_status(cudaMemset(memory->data(), 0, memory->bytes()), "clear the inputs"); !ok) {
      return fail(ok.error());
    }
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
  if (auto ok = fill(problem_, input, seed, b.inputs()); !ok) return ok;
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
  if (changed.empty()) return changed;
  b.loaded.reset();
  if (auto ok = fill(problem_, input, seed, b.inputs()); !ok) return fail(ok.error());
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
  if (auto ok = fill(problem_, other, seed + 1, b.inputs()); !ok) return ok;
  if (auto ok = launch(); !ok) return ok;
  if (auto ok = fill(problem_, input, seed, b.inputs()); !ok) return ok;
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
