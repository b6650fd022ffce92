// InputKind: what a subject computes on.
//
// kNormal: near-normal numbers of variance 1; what is timed and counted. kPeaked: large logits and a softmax
// that few keys share, which catches what an even one hides (a wrong maximum, a missing rescale, overflow).
//
// Owns: nothing. Threads: plain values.
#pragma once

#include "core/names.h"

namespace flashcore::core {

enum class InputKind { kNormal, kPeaked };

template <>
inline constexpr auto kNames<InputKind> = names<InputKind>({{InputKind::kNormal, "normal"},
                                                            {InputKind::kPeaked, "peaked"}});

}  // namespace flashcore::core
