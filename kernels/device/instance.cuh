// Which instance of a kernel template serves a problem: templates are over the element type and D, and a plan
// names the instance as the compiler's table does (kernels/tools/compiler_table.cpp).
//
//   const auto make = [&]<typename T, int kHeadDim>() { return plan_of<T, kHeadDim>(problem); };
//   core::KernelPlan kernel = for_instance(problem, make);
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <string>
#include <string_view>

#include "core/attention.h"

namespace flashcore::kernels {

template <typename T>
inline constexpr std::string_view kElementName{};
template <>
inline constexpr std::string_view kElementName<__half> = "__half";
template <>
inline constexpr std::string_view kElementName<__nv_bfloat16> = "__nv_bfloat16";

// "attention_wmma<__half, 64>".
template <typename T>
std::string instance_name(std::string_view kernel, int head_dim) {
  return std::string(kernel) + "<" + std::string(kElementName<T>) + ", " + std::to_string(head_dim) + ">";
}

// make<T>() with the problem's element type: f16 or bf16, as check_served() has seen to.
template <typename Make>
auto for_element(const core::AttentionProblem& problem, const Make& make) {
  return problem.dtype == "bf16" ? make.template operator()<__nv_bfloat16>()
                                 : make.template operator()<__half>();
}

// make<T, D>() with the problem's element type and D: 64 or 128.
template <typename Make>
auto for_instance(const core::AttentionProblem& problem, const Make& make) {
  return for_element(problem, [&]<typename T>() {
    return problem.head_dim == 64 ? make.template operator()<T, 64>() : make.template operator()<T, 128>();
  });
}

}  // namespace flashcore::kernels
