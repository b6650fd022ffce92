// problem_of: a stored problem, remembered between runs (its rows never change).
//
// Owns: nothing. Threads: the Store's. Errors: SqlFailure; UnreadableValue where axes and text disagree.
#pragma once

#include "core/problem.h"
#include "store/impl.h"

namespace flashcore::store {

const core::Problem& problem_of(Store::Impl& impl, core::RowId id);

}  // namespace flashcore::store
