#include "app/session/helper_process.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/session/error_json.h"
#include "app/session/measurement_json.h"
#include "reports/text.h"

namespace flashcore::session {
namespace {

using core::Error;
using core::ErrorCode;
using core::fail;
using core::Result;
using core::Status;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTick{100};  // how soon a cancel is seen

}  // namespace

struct HelperProcess::Said {
  enum class What { kReady, kProgress, kMeasurement, kError } what = What::kReady;
  int done = 0, total = 0;
  core::MeasurementRecord measurement;
  Error error;
};

Status HelperProcess::start(const std::string& collector, int device,
                            const collectors::CollectOptions& options) {
  auto child = core::LineChild::start(spec_);
  if (!child) return fail(child.error());
  child_ = *std::move(child);
  return child_->write_line(line_of({{"cmd", "start"},
                                     {"collector", collector},
                                     {"device", device},
                                     {"options", json::parse(options_json(options))}}));
}

bool HelperProcess::alive() {
  return child_ && !broken_ && child_->running();
}

// What its end was like, for the sentence that the failed measurement keeps.
Error HelperProcess::gone(const Error& why) {
  broken_ = true;
  const std::string last_words = child_->errors();
  const core::ChildEnd end = child_->finish(std::chrono::milliseconds(0));
  return {ErrorCode::kExternalTool,
          fmt::format("the process that counts ended ({})", core::how_it_ended(end)),
          "what was timed is kept; profile this run again for its counters",
          reports::cut(last_words.empty() ? why.message : last_words, 2000)};
}

Result<std::optional<HelperProcess::Said>> HelperProcess::listen(std::chrono::milliseconds patience) {
  auto line = child_->read_line(patience);
  if (!line) return fail(gone(line.error()));
  if (!*line) return std::nullopt;
  std::string why;
  try {
    const json j = json::parse(**line);
    const std::string event = j.at("event");
    Said said;
    if (event == "ready") {
      only_keys(j, {"event"});
    } else if (event == "progress") {
      only_keys(j, {"event", "done", "total"});
      said.what = Said::What::kProgress;
      said.done = j.at("done");
      said.total = j.at("total");
    } else if (event == "measurement") {
      only_keys(j, {"event", "measurement"});
      auto measurement = parse_measurement(j.at("measurement").dump());
      if (!measurement) throw BadLine(measurement.error().message);
      said.what = Said::What::kMeasurement;
      said.measurement = *std::move(measurement);
    } else if (event == "error") {
      only_keys(j, {"event", "code", "message", "hint", "detail"});
      said.what = Said::What::kError;
      said.error = error_from(j);
    } else {
      throw BadLine("unknown event");
    }
    return said;
  } catch (const std::exception& e) {  // nlohmann's and BadLine
    why = e.what();
  }
  broken_ = true;
  return fail(ErrorCode::kExternalTool,
              fmt::format("the process that counts said what is no line of its protocol: {}",
                          reports::cut(reports::printable(why), 200)),
              "the program and its helper must be of the same build");
}

void HelperProcess::settle(std::chrono::milliseconds patience, const core::CancelToken& cancel) {
  const auto until = Clock::now() + patience;
  while (!ready_ && alive() && Clock::now() < until && !cancel.requested()) {
    auto said = listen(kTick);
    if (!said) return;  // collect() tells of it
    if (*said && (*said)->what == Said::What::kReady) ready_ = true;
  }
}

Result<core::MeasurementRecord> HelperProcess::collect(const std::string& subject,
                                                       const core::Problem& problem, std::uint64_t seed,
                                                       const core::CancelToken& cancel,
                                                       const collectors::Progress& progress) {
  const auto asked = child_->write_line(line_of({{"cmd", "collect"},
                                                 {"subject", subject},
                                                 {"problem", core::canonical_text(problem)},
                                                 {"seed", seed}}));
  if (!asked) return fail(gone(asked.error()));
  auto heard = Clock::now();
  std::optional<Clock::time_point> cancelled;
  for (;;) {
    if (cancel.requested() && !cancelled) {
      cancelled = Clock::now();
      if (auto told = child_->write_line(R"({"cmd":"cancel"})"); !told) return fail(gone(told.error()));
    }
    auto said = listen(kTick);
    if (!said) return fail(cancelled ? Error{ErrorCode::kCancelled, "stopped", {}, {}} : said.error());
    if (!*said) {
      if (cancelled && Clock::now() - *cancelled > patience_.after_cancel) {
        broken_ = true;
        return fail(ErrorCode::kCancelled, "stopped");
      }
      if (Clock::now() - heard > patience_.silence) {
        broken_ = true;
        return fail(ErrorCode::kExternalTool,
                    fmt::format("the process that counts said nothing for {} s and was ended",
                                std::chrono::duration<double>(patience_.silence).count()),
                    "what was timed is kept; profile this run again for its counters");
      }
      continue;
    }
    heard = Clock::now();
    switch ((*said)->what) {
      case Said::What::kReady: ready_ = true; break;
      case Said::What::kProgress:
        if (progress) progress((*said)->done, (*said)->total);
        break;
      case Said::What::kMeasurement: return std::move((*said)->measurement);
      case Said::What::kError: return fail((*said)->error);
    }
  }
}

}  // namespace flashcore::session
