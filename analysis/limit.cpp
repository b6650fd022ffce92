#include "analysis/limit.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/clock.h"
#include "analysis/devices.h"
#include "analysis/run_analysis.h"
#include "analysis/run_values.h"
#include "analysis/units.h"
#include "core/attention.h"

namespace flashcore::analysis {
namespace {

// What the terms share.
struct Setting {
  const core::RunRecord& run;
  const core::DeviceRecord& device;
  DeviceRates rates;
  double clock_hz = 0;
  std::string clock_source;
};

Setting setting_of(const core::RunRecord& run) {
  Setting setting{run, *run.device, rates_of(*run.device), 0, {}};
  if (const auto clock = run_clock(run)) {
    setting.clock_hz = clock->hz;
    setting.clock_source = clock->source;
  } else {
    setting.clock_hz = static_cast<double>(run.device->sm_clock_max_khz) * 1e3;
    setting.clock_source = fmt::format(
        "{:.0f} MHz, the device's highest: no clock was recorded with the times", setting.clock_hz / 1e6);
  }
  return setting;
}

void finish(LimitTerm& term, double rate, std::string source) {
  term.rate = rate;
  term.source = std::move(source);
  term.ns = term.work / rate * 1e9;
}

// A rate a clock and SM, at the clock of the run.
void finish_per_sm(LimitTerm& term, const Rate& rate, const Setting& setting) {
  if (!rate.value) {
    term.missing = rate.missing;
  } else if (setting.device.sm_count <= 0 || setting.clock_hz <= 0) {
    term.missing = "the number of SMs or their clock is unknown";
  } else {
    finish(term, *rate.value * setting.device.sm_count * setting.clock_hz,
           fmt::format("{:g} a clock and SM ({}) x {} SMs x {}", *rate.value, rate.source,
                       setting.device.sm_count, setting.clock_source));
  }
}

// The element type of the problem; empty where it names none.
std::string dtype_of(const core::RunRecord& run) {
  if (!run.problem) return {};
  if (const auto attention = core::attention_of(*run.problem)) return attention->dtype;
  for (const core::Axis& axis : run.problem->axes) {
    if (axis.name == "dtype") return axis.value;
  }
  return {};
}

LimitTerm products(const Setting& setting) {
  LimitTerm term{"products", "products on the tensor cores", setting.run.model->flops, "FLOP", 0, {}, {}, {}};
  const std::string dtype = dtype_of(setting.run);
  if (dtype == "f16" || dtype == "bf16") {
    finish_per_sm(term, setting.rates.tensor_f16, setting);
  } else if (dtype.empty()) {
    term.missing = "the problem does not name its element type";
  } else {
    term.missing = fmt::format("no rate of products in {} is known for this device", dtype);
  }
  return term;
}

// (query, key) pairs that the mask lets through, in closed form: row i sees min(max(i + Sk - Sq + 1, 0), Sk).
double visible_pairs(const core::AttentionProblem& p) {
  const auto q = static_cast<double>(p.seq_q), k = static_cast<double>(p.seq_k);
  if (!p.causal) return q * k;
  const double rows = std::min(q, k);  // the last ones, that see 1, 2, ... keys where Sq >= Sk
  const double first = std::max(k - q, 0.0) + 1;
  return rows * (first + k) / 2;
}

// The model's; of runs whose model was written before it had them, one a visible pair.
std::optional<LimitTerm> exps(const Setting& setting) {
  LimitTerm term{"exps", "exponentials", setting.run.model->exps, "op", 0, {}, {}, {}};
  std::string from_axes;
  if (term.work <= 0 && setting.run.problem && setting.run.problem->workload == core::kAttention) {
    if (const auto p = core::attention_of(*setting.run.problem)) {
      term.work = static_cast<double>(p->batch) * static_cast<double>(p->heads) * visible_pairs(*p);
      from_axes = "; their number was computed from the axes, one for every score that the mask lets through";
    }
  }
  if (term.work <= 0) return std::nullopt;
  finish_per_sm(term, setting.rates.mufu, setting);
  if (term.ns)
    term.source += from_axes + "; a kernel that computes some by polynomials on the FMA pipe can pass this";
  return term;
}

// Of the model's bytes, how many are written; where the problem does not say, all of them may be.
struct Traffic {
  double inputs = 0, output = 0;
};

Traffic traffic_of(const core::RunRecord& run) {
  const double all = run.model->bytes;
  if (run.problem && run.problem->workload == core::kAttention) {
    if (const auto p = core::attention_of(*run.problem)) {
      const double output = static_cast<double>(p->q_elements()) * core::dtype_bytes(p->dtype);
      if (output <= all) return {all - output, output};
    }
  }
  return {0, all};
}

LimitTerm from_dram(double work, const std::string& which, const Setting& setting) {
  LimitTerm term{"bytes", "least bytes from DRAM", work, "B", 0, {}, {}, {}};
  const auto peak = dram_peak_bandwidth(setting.device);
  if (!peak) {
    term.missing = "the device's memory clock or bus width is unknown";
    return term;
  }
  finish(term, *peak,
         fmt::format("2 x {} bits / 8 x {:.0f} MHz, from the driver; {}", setting.device.memory_bus_bits,
                     static_cast<double>(setting.device.memory_clock_max_khz) / 1e3, which));
  return term;
}

// The documented rate is one of reads, so that writes are not in it.
LimitTerm from_l2(const Traffic& traffic, const Setting& setting) {
  LimitTerm term{"bytes", "least bytes from L2", traffic.inputs, "B", 0, {}, {}, {}};
  const Rate& rate = setting.rates.l2;
  if (traffic.inputs <= 0) {
    term.missing = "the problem does not say which of its bytes are read, and L2 may keep what is written";
  } else if (!rate.value) {
    term.missing = "warm caches, and the tensors fit L2: " + rate.missing;
  } else if (setting.clock_hz <= 0) {
    term.missing = "the SM clock is unknown";
  } else {
    finish(term, *rate.value * setting.clock_hz,
           fmt::format("{:g} bytes a clock ({}) x {}; the L2 clock was not recorded and may differ; every "
                       "input read once",
                       *rate.value, rate.source, setting.clock_source));
  }
  return term;
}

// Cold: every input comes from DRAM, and of the output so much goes there as L2 cannot keep. Warm, launch
// after launch: L2 holds at most its size of what was read and written, and the rest moves each time.
LimitTerm bytes(const Setting& setting) {
  const auto l2_bytes = static_cast<double>(setting.device.l2_bytes);
  const Traffic traffic = traffic_of(setting.run);
  const bool cold = setting.run.cache == core::CacheState::kCold;
  if (l2_bytes <= 0) {
    LimitTerm term = from_dram(traffic.inputs, "every input read once", setting);
    term.missing = cold ? "the size of L2 is unknown: it may keep the output"
                        : "warm caches, and the size of L2 is unknown: it may hold the tensors";
    if (!cold || traffic.inputs <= 0) term.ns.reset();
    if (term.ns) term.missing.clear();
    return term;
  }
  if (cold) {
    const double work = traffic.inputs + std::max(0.0, traffic.output - l2_bytes);
    if (work > 0) return from_dram(work, "every input, and of the output what L2 cannot keep", setting);
    LimitTerm term = from_dram(0, "", setting);
    term.ns.reset();
    term.missing = "the problem does not say which of its bytes are read, and L2 may keep what is written";
    return term;
  }
  LimitTerm l2 = from_l2(traffic, setting);
  const double rest = traffic.inputs + traffic.output - l2_bytes;
  if (rest <= 0) return l2;
  LimitTerm dram = from_dram(rest, "all bytes but those that L2 holds from launch to launch", setting);
  return l2.ns && dram.ns && *l2.ns > *dram.ns ? l2 : dram;
}

void add_share(ProblemLimit& limit, const core::RunRecord& run) {
  const std::string objection = timing_objection(run);
  const auto time = headline_time(run);
  if (!objection.empty()) {
    limit.missing = "no share: " + objection;
  } else if (!time || !(time->ns > 0)) {
    limit.missing = "no share: nothing was timed";
  } else if (time->counted) {
    limit.missing = "no share: the time was counted or reported by another tool, and not taken here";
  } else {
    limit.share = *limit.ns / time->ns;
  }
}

}  // namespace

bool ProblemLimit::binds(const LimitTerm& term) const {
  constexpr double kEqual = 0.999;
  return ns && term.ns && *term.ns >= kEqual * *ns;
}

const LimitTerm* ProblemLimit::term(std::string_view id) const {
  const auto found = std::find_if(terms.begin(), terms.end(), [&](const LimitTerm& t) { return t.id == id; });
  return found == terms.end() ? nullptr : &*found;
}

ProblemLimit limit_of(const core::RunRecord& run) {
  ProblemLimit limit;
  if (!run.model || !(run.model->flops > 0 || run.model->bytes > 0)) {
    limit.missing = "the run carries no model of its problem, so that no limit of it is known";
    return limit;
  }
  if (!run.device) {
    limit.missing = std::string("no limit: ") + kNoDevice;
    return limit;
  }
  const Setting setting = setting_of(run);
  if (run.model->flops > 0) limit.terms.push_back(products(setting));
  if (auto term = exps(setting)) limit.terms.push_back(std::move(*term));
  if (run.model->bytes > 0) limit.terms.push_back(bytes(setting));
  for (const LimitTerm& term : limit.terms) {
    if (!term.ns || (limit.ns && *limit.ns >= *term.ns)) continue;
    limit.ns = term.ns;
    limit.binding = term.id;
  }
  if (!limit.ns) {
    limit.missing = "no limit: " + limit.terms.front().missing;
    return limit;
  }
  add_share(limit, run);
  return limit;
}

}  // namespace flashcore::analysis
