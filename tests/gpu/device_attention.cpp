#include "device_attention.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

#include "kernels/bench/check_bytes.h"
#include "kernels/bench/device/check_steps.h"
#include "kernels/device_traits.h"

namespace flashcore::kernels::bench {
namespace {

void allocate(cuda::DeviceMemory& memory, std::int64_t bytes) {
  cuda_ok(memory.allocate(static_cast<std::size_t>(bytes)), "cudaMalloc");
}

void upload(const cuda::DeviceMemory& to, const std::vector<std::uint16_t>& from) {
  ASSERT_EQ(to.bytes(), 2 * from.size());
  cuda_ok(cudaMemcpy(to.data(), from.data(), to.bytes(), cudaMemcpyHostToDevice), "cudaMemcpy");
}

// The plain error of further normal inputs, kept: it depends on nothing but the type, the band, D and,
// without a mask, Sk.
Comparison plain_of_draws(const core::AttentionProblem& p, int band, void* scratch) {
  using Key = std::tuple<std::string, int, std::int64_t, std::int64_t>;
  static std::map<Key, Comparison> known;
  const auto [at, added] = known.try_emplace({p.dtype, band, p.head_dim, p.causal ? 0 : p.seq_k});
  if (added) {
    const auto drawn = draw_on_device(p, core::InputKind::kNormal, band, scratch);
    if (drawn) {
      at->second = *drawn;
    } else {
      ADD_FAILURE() << core::to_text(drawn.error());
    }
  }
  return at->second;
}

}  // namespace

Strides strides_of(Layout layout, std::int64_t heads, std::int64_t seq, std::int64_t d) {
  switch (layout) {
    case Layout::kContiguous: return contiguous_strides(heads, seq, d);
    case Layout::kBshd: return {seq * heads * d, d, heads * d};
    case Layout::kPadded: return {heads * (seq * (d + 24) + 40), seq * (d + 24) + 40, d + 24};
    case Layout::kOneHead: return {seq * d, 0, d};
    case Layout::kOneBatch: return {0, seq * d, d};
  }
  return {};
}

AttentionCall call_of(const Case& c) {
  const core::AttentionProblem& p = c.problem;
  AttentionCall call = contiguous_call(p, c.with_lse);
  call.q_strides = strides_of(c.q, p.heads, p.seq_q, p.head_dim);
  call.k_strides = strides_of(c.k, p.kv_heads, p.seq_k, p.head_dim);
  call.v_strides = strides_of(c.v, p.kv_heads, p.seq_k, p.head_dim);
  call.o_strides = strides_of(c.o, p.heads, p.seq_q, p.head_dim);
  if (c.scale != 0) call.scale = c.scale;
  return call;
}

GuardedTensor::GuardedTensor(const TensorShape& shape) : shape_(shape) {
  allocate(image_, 2 * words());
  allocate(kept_, 2 * words());
  poison();
}

void GuardedTensor::keep() {
  cuda_ok(cudaMemcpy(kept_.data(), image_.data(), image_.bytes(), cudaMemcpyDeviceToDevice), "cudaMemcpy");
}

void GuardedTensor::poison() {
  cuda_ok(fill_canaries(image_.data(), words()), "fill_canaries");
  keep();
}

void GuardedTensor::put(const void* contiguous) {
  cuda_ok(fill_canaries(image_.data(), words()), "fill_canaries");
  cuda_ok(scatter(contiguous, data(), shape_), "scatter");
  keep();
}

void GuardedTensor::take(void* contiguous) {
  cuda_ok(gather(data(), contiguous, shape_, true), "gather");
}

void GuardedTensor::copy(void* contiguous) {
  cuda_ok(gather(data(), contiguous, shape_, false), "gather");
}

unsigned long long GuardedTensor::damage() const {
  cuda::DeviceMemory count;
  unsigned long long differing = 0;
  allocate(count, sizeof differing);
  cuda_ok(cudaMemset(count.data(), 0, sizeof differing), "cudaMemset");
  cuda_ok(count_differing_words(image_.data(), kept_.data(), words(),
                                static_cast<unsigned long long*>(count.data())),
          "count_differing_words");
  cuda_ok(cudaMemcpy(&differing, count.data(), sizeof differing, cudaMemcpyDeviceToHost), "cudaMemcpy");
  return differing;
}

std::string Answer::text() const {
  return fmt::format(
      "max {:.3e} of {:.3e} at {}, mean {:.3e} of {:.3e}, NaN {}, Inf {}; LSE {:.3e} of {:.3e} at row {}, "
      "{} wrong infinities; {}",
      record.max_error, record.max_tolerance, record.worst, record.mean_error,
      record.mean_tolerance.value_or(0), record.nan_count, record.inf_count, lse.max_error, lse.limit,
      lse.worst_row, lse.wrong_infinities, trespass.empty() ? "nothing else written" : trespass);
}

DeviceAttention::DeviceAttention(const Case& c, const Inputs& inputs)
    : case_(c), call_(call_of(c)), problem_(c.problem) {
  take_memory();
  load(inputs);
}

DeviceAttention::DeviceAttention(const Case& c, core::InputKind input, std::uint64_t seed)
    : case_(c), call_(call_of(c)), problem_(c.problem) {
  take_memory();
  status_ok(fill_inputs(problem_, input, seed, {flat_q_.data(), flat_k_.data(), flat_v_.data()}));
  spread_inputs();
}

void DeviceAttention::take_memory() {
  const core::AttentionProblem& p = problem_;
  const auto tensor = [&](std::int64_t heads, std::int64_t seq, const Strides& strides) {
    return std::make_unique<GuardedTensor>(TensorShape{p.batch, heads, seq, p.head_dim, strides});
  };
  q_ = tensor(p.heads, p.seq_q, call_.q_strides);
  k_ = tensor(p.kv_heads, p.seq_k, call_.k_strides);
  v_ = tensor(p.kv_heads, p.seq_k, call_.v_strides);
  o_ = tensor(p.heads, p.seq_q, call_.o_strides);
  allocate(flat_q_, 2 * p.q_elements());
  allocate(flat_k_, 2 * p.kv_elements());
  allocate(flat_v_, 2 * p.kv_elements());
  allocate(flat_o_, 2 * p.q_elements());
  const auto rows = static_cast<std::size_t>(p.q_elements() / p.head_dim);
  cuda_ok(lse_.allocate(case_.with_lse ? sizeof(float) * rows : 0), "cudaMalloc");
}

void DeviceAttention::load(const Inputs& inputs) {
  upload(flat_q_, inputs.q);
  upload(flat_k_, inputs.k);
  upload(flat_v_, inputs.v);
  spread_inputs();
}

// What a broadcast axis repeats is repeated in the contiguous copy too, which the reference reads.
void DeviceAttention::spread_inputs() {
  for (const auto& [tensor, flat] :
       {std::pair{q_.get(), &flat_q_}, {k_.get(), &flat_k_}, {v_.get(), &flat_v_}}) {
    tensor->put(flat->data());
    tensor->copy(flat->data());
  }
  has_reference_ = false;
  cuda_ok(cudaDeviceSynchronize(), "lay the inputs out");
}

bool DeviceAttention::plan(const PhaseDescriptor& phase, std::string& why) {
  const auto device = current_device_traits();
  if (!device) {
    ADD_FAILURE() << core::to_text(device.error());
    return false;
  }
  return plan(phase, *device, why);
}

bool DeviceAttention::plan(const PhaseDescriptor& phase, const DeviceTraits& device, std::string& why) {
  auto plan = plan_launch(phase, call_, device);
  if (!plan) {
    why = core::to_text(plan.error());
    return false;
  }
  plan_ = std::move(*plan);
  cuda_ok(workspace_.allocate(plan_->workspace_bytes()), "cudaMalloc");
  cuda_ok(cudaDeviceSynchronize(), "clear the workspace");
  return true;
}

AttentionPointers DeviceAttention::pointers() const {
  return {.q = q_->data(),
          .k = k_->data(),
          .v = v_->data(),
          .o = o_->data(),
          .lse = static_cast<float*>(lse_.data()),
          .workspace = workspace_.data()};
}

void DeviceAttention::poison() {
  cuda_ok(cudaDeviceSynchronize(), "finish the launches");
  o_->poison();
  cuda_ok(lse_.poison(), "clear LSE");
  cuda_ok(workspace_.poison(), "clear the workspace");
  cuda_ok(cudaDeviceSynchronize(), "clear the outputs");
}

void DeviceAttention::ensure_reference() {
  if (has_reference_) return;
  const core::AttentionProblem& p = problem_;
  const DeviceInputs inputs{flat_q_.data(), flat_k_.data(), flat_v_.data(), case_.scale};
  if (reference_.data() == nullptr) {
    allocate(reference_, reference_bytes(p));
    allocate(scratch_, kScratchBytes);
    if (case_.with_lse) allocate(lse_reference_, 8 * p.q_elements() / p.head_dim);
  }
  auto* exact = static_cast<double*>(reference_.data());
  auto* lse = static_cast<double*>(lse_reference_.data());
  cuda_ok(reference_attention(p, inputs, exact, lse), "reference_attention");
  auto plain = plain_on_device(p, inputs, exact, scratch_.data());
  if (plain) {
    plain_ = *plain;
  } else {
    ADD_FAILURE() << core::to_text(plain.error());
  }
  for (const BandRows& band : band_rows(p)) {
    if (band_elements(p, band) >= kPlainElements) continue;
    take_draws(plain_[static_cast<std::size_t>(band.band)], plain_of_draws(p, band.band, scratch_.data()));
  }
  if (case_.with_lse) {
    auto expected = read_lse_reference(p, inputs, lse);
    if (expected) {
      expected_lse_ = std::move(*expected);
    } else {
      ADD_FAILURE() << core::to_text(expected.error());
    }
  }
  has_reference_ = true;
}

std::vector<std::uint16_t> DeviceAttention::output() {
  o_->copy(flat_o_.data());
  std::vector<std::uint16_t> elements(static_cast<std::size_t>(problem_.q_elements()));
  cuda_ok(cudaMemcpy(elements.data(), flat_o_.data(), 2 * elements.size(), cudaMemcpyDeviceToHost),
          "cudaMemcpy");
  return elements;
}

std::string DeviceAttention::find_trespass() const {
  std::string found;
  const auto blame = [&](const char* name, long long words) {
    if (words > 0) found += fmt::format("{}{} of {} written", found.empty() ? "" : ", ", words, name);
  };
  blame("Q and around it", static_cast<long long>(q_->damage()));
  blame("K and around it", static_cast<long long>(k_->damage()));
  blame("V and around it", static_cast<long long>(v_->damage()));
  blame("the memory around O", static_cast<long long>(o_->damage()));
  std::int64_t bytes = 0;
  cuda_ok(lse_.count_damage(bytes), "read the guards of LSE");
  blame("the bytes around LSE", bytes);
  cuda_ok(workspace_.count_damage(bytes), "read the guards of the workspace");
  blame("the bytes around the workspace", bytes);
  return found;
}

Answer DeviceAttention::look() {
  cuda_ok(cudaDeviceSynchronize(), "the launches");
  ensure_reference();
  Answer answer;
  answer.lse.passed = true;
  answer.o.resize(static_cast<std::size_t>(problem_.q_elements()));
  o_->take(flat_o_.data());
  cuda_ok(cudaMemcpy(answer.o.data(), flat_o_.data(), 2 * answer.o.size(), cudaMemcpyDeviceToHost),
          "cudaMemcpy");
  const auto bands = compare_on_device(problem_, flat_o_.data(),
                                       static_cast<const double*>(reference_.data()), scratch_.data());
  if (!bands) {
    ADD_FAILURE() << core::to_text(bands.error());
    return answer;
  }
  answer.record = judge(problem_, core::InputKind::kNormal, 0, *bands, plain_, "the GPU");
  if (case_.with_lse) {
    std::vector<std::int64_t> rows(expected_lse_.lse.size());
    std::iota(rows.begin(), rows.end(), 0);
    answer.lse_values.resize(rows.size());
    cuda_ok(cudaMemcpy(answer.lse_values.data(), lse_.data(), lse_.bytes(), cudaMemcpyDeviceToHost),
            "cudaMemcpy");
    answer.lse = compare_lse(answer.lse_values, rows, expected_lse_);
  }
  answer.trespass = find_trespass();
  poison();
  return answer;
}

bool DeviceAttention::untouched() {
  cuda_ok(cudaDeviceSynchronize(), "the launches");
  std::vector<unsigned char> bytes(lse_.bytes());
  if (!bytes.empty()) {
    cuda_ok(cudaMemcpy(bytes.data(), lse_.data(), bytes.size(), cudaMemcpyDeviceToHost), "cudaMemcpy");
  }
  const bool same = std::all_of(bytes.begin(), bytes.end(), [](unsigned char x) { return x == 0xff; });
  return same && find_trespass().empty();
}

}  // namespace flashcore::kernels::bench
