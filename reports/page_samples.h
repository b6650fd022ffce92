// The samples of a run as the report draws them: all of them, or where a report has many runs some of them,
// spread evenly over their ranks (of equal ones over the order taken) and in the order taken. They are drawn
// and nothing else: every percentile on the page is of all samples.
//
// Owns: nothing. Units: ns in, us with three digits out. Threads: pure functions.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

namespace flashcore::reports {

// How many of each kind a run may keep in a report of so many runs.
std::size_t samples_kept(std::size_t runs);

// The places of those that stay, in the order taken. The least, the median (nearest rank, as the tables have
// it) and the greatest are among them; of `most` places each stands for as many ranks as the next.
std::vector<std::size_t> thinned(std::span<const double> values, std::size_t most);

// {"n": 100, "us": [...]}; with "at", their places from 0, where some were left out.
nlohmann::ordered_json samples_json(std::span<const double> ns, std::size_t most);

}  // namespace flashcore::reports
