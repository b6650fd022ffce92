// Formulas: muParser expressions, compiled once and evaluated often.
//
// Owns: a cache of compiled formulas a thread, keyed by text, so that evaluating thousands of metrics
// parses each formula once. Threads: any; threads share nothing.
// Errors: kUsage with the parser's sentence. Grammar: muParser 2.3's (arithmetic, comparison, c ? a : b,
// min, max, abs, sqrt, exp, ln, ...).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace flashcore::analysis {

// Names in a formula that are not functions, each once, in order of appearance.
std::vector<std::string> formula_variables(std::string_view formula);

// Whether it calls max or min: of means over kernels that is another number than the mean of each kernel's.
bool takes_extreme(std::string_view formula);

// Evaluates with values in the order of formula_variables().
core::Result<double> evaluate_compiled(const std::string& formula, const std::vector<double>& values);

}  // namespace flashcore::analysis
