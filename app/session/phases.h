// The phases that this program was built with, as far as they can be told without a GPU: for lists
// to choose from.
//
// Owns: static text only. Threads: any. Errors: none.
#pragma once

#include <vector>

#include "core/phase.h"

namespace flashcore::session {

// By rung, references after the ladder; hidden (test) phases are left out.
std::vector<core::PhaseInfo> list_phases();

}  // namespace flashcore::session
