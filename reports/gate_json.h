// A gate's result as JSON; docs/gate.schema.json holds its shape.
//
// Owns: nothing. Units: in the keys (_percent), of a value that of its metric. Threads: pure functions. Text
// is valid UTF-8: bytes that are not are replaced.
#pragma once

#include <string>

#include "reports/gate_text.h"

namespace flashcore::reports {

std::string gate_json(const GateView& view);

}  // namespace flashcore::reports
