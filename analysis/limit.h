// The limit of a problem: the least time that its products, its exponentials and its bytes allow on a device,
// at the effective clock of the run. At one clock the same for every subject, so a share of it rewards no
// waste: a kernel that moves more bytes or computes more than it must gets nothing for it.
//
//   products: model FLOPs / (tensor FLOPs a clock and SM of the fastest instruction for the element type
//             * SMs * effective clock)
//   exps:     model exponentials / (special functions a clock and SM * SMs * effective clock). A kernel that
//             computes a part of them by polynomials on the FMA pipe can pass this one.
//   bytes:    a bound that no kernel can pass:
//             cold caches: (inputs + max(0, output - L2)) / DRAM bandwidth: the output may stay in L2;
//             warm caches: max(0, model bytes - L2) / DRAM bandwidth: launch after launch L2 holds at most
//             its size; and inputs / L2 bandwidth, where a rate of it is known; the longer of the two. The
//             output is that of the problem's axes; where they do not say it, all of the model's bytes may be
//             written, and L2 may keep them. Without that term the limit is shorter and the share lower:
//             never too good.
//
// The limit is the largest of the three: they may all overlap. Rates: analysis/catalogue/devices.toml.
//
// Owns: plain values. Units: ns. Threads: pure functions. Errors: none; what is missing says why.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/records.h"

namespace flashcore::analysis {

struct LimitTerm {
  std::string id;     // "products", "exps", "bytes"
  std::string title;  // "products on the tensor cores", "exponentials", "least bytes from DRAM"
  double work = 0;    // FLOP, operations, bytes
  std::string unit;   // "FLOP", "op", "B"
  double rate = 0;    // of that a second; 0 where it is missing
  std::optional<double> ns;
  std::string source;   // of the rate, with the clock
  std::string missing;  // why there is no time
};

struct ProblemLimit {
  std::vector<LimitTerm> terms;  // products, exps, bytes; those that the workload has
  std::optional<double> ns;      // the largest
  std::string binding;           // its id; empty where there is none
  // ns / the run's time (graph p50), 0 to 1; nothing for a time that is no result or only counted.
  std::optional<double> share;
  std::string missing;  // why there is no limit or no share

  const LimitTerm* term(std::string_view id) const;
  // Whether this term is the longest, or so near to it (0.1%) that nobody could tell which of them binds.
  bool binds(const LimitTerm& term) const;
};

// "3.7 % of the limit 0.55 us (exponentials)" is for faces to say; this is the arithmetic.
ProblemLimit limit_of(const core::RunRecord& run);

}  // namespace flashcore::analysis
