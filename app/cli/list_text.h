// The lists of flashcore-profile as text that fits the terminal (eighty columns where there is none) and as
// JSON: what each list holds is said once, for both.
//
// Owns: nothing. Threads: one. Errors: as the parts behind them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "app/cli/options.h"
#include "core/result.h"

namespace flashcore::cli {

struct Listing {
  std::string text;
  nlohmann::ordered_json json;  // an object: {"phases": [..]}
};

core::Result<Listing> list_phases(int width);
core::Result<Listing> list_shapes(int width);
core::Result<Listing> list_collectors(int width);
core::Result<Listing> list_devices(int width);
core::Result<Listing> list_sections(const Options& options, int width);
core::Result<Listing> list_metrics(const Options& options, int width);
core::Result<Listing> list_counters(const Options& options);
core::Result<Listing> list_runs(const Options& options, int width);

// "name          text that goes on and is broken\n              here": a first column and wrapped text.
std::string labelled(std::string_view label, std::string_view text, int indent, int width);

}  // namespace flashcore::cli
