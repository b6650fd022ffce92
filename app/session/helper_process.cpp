#include "app/session/helper_process.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

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

json json_of(std::span<const HelperTask> tasks) {
  json list = json::array();
  for (const HelperTask& task : tasks) {
    list.push_back(
        {{"subject", task.subject}, {"problem", core::canonical_text(task.problem)}, {"seed", task.seed}});
  }
  return list;
}

}  // namespace

struct HelperProcess::Said {
  enum class What { kSetUp, kProgress, kMeasurements, kError } what = What::kSetUp;
  int done = 0, total = 0;
  std::vector<core::MeasurementRecord> measurements;
  Error error;
};

Status HelperProcess::begin(const std::string& collector, int device, std::span<const std::string> subjects) {
  auto child = core::LineChild::start(spec_);
  if (!child) return fail(child.error());
  child_ = *std::move(child);
  json line{{"cmd", "begin"}, {"collector", collector}, {"device", device}};
  if (!subjects.empty()) line["subjects"] = subjects;
  return child_->write_line(line_of(line));
}

Status HelperProcess::start(const collectors::CollectOptions& options) {
  return child_->write_line(line_of({{"cmd", "start"}, {"options", json::parse(options_json(options))}}));
}

Status HelperProcess::prepare(std::span<const HelperTask> tasks) {
  ++preparing_;
  return child_->write_line(line_of({{"cmd", "prepare"}, {"tasks", json_of(tasks)}}));
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
    if (event == "begun" || event == "ready" || event == "prepared" || event == "ended") {
      only_keys(j, {"event"});
      begun_ = begun_ || event == "begun";
      ready_ = ready_ || event == "ready";
      ended_ = ended_ || event == "ended";
      if (event == "prepared") --preparing_;
    } else if (event == "progress") {
      only_keys(j, {"event", "done", "total"});
      said.what = Said::What::kProgress;
      said.done = j.at("done");
      said.total = j.at("total");
    } else if (event == "measurements") {
      only_keys(j, {"event", "measurements"});
      auto measurements = parse_measurements(j.at("measurements").dump());
      if (!measurements) throw BadLine(measurements.error().message);
      said.what = Said::What::kMeasurements;
      said.measurements = *std::move(measurements);
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

bool HelperProcess::settled(SetUp until) const {
  return (until == SetUp::kAll ? ready_ : begun_) && preparing_ <= 0;
}

void HelperProcess::settle(SetUp until, std::chrono::milliseconds patience, const core::CancelToken& cancel) {
  const auto end = Clock::now() + patience;
  while (!settled(until) && alive() && Clock::now() < end && !cancel.requested()) {
    if (!listen(kTick)) return;  // collect() tells of it
  }
}

void HelperProcess::end() {
  if (!alive() || std::exchange(told_to_end_, true)) return;
  if (!child_->write_line(R"({"cmd":"end"})")) broken_ = true;
}

void HelperProcess::await_end(std::chrono::milliseconds patience) {
  const auto until = Clock::now() + patience;
  while (!ended_ && alive() && Clock::now() < until) {
    if (!listen(std::min(kTick, std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now())))) return;
  }
}

Result<std::vector<core::MeasurementRecord>> HelperProcess::collect(std::span<const HelperTask> tasks,
                                                                    const core::CancelToken& cancel,
                                                                    const collectors::Progress& progress) {
  const auto asked = child_->write_line(line_of({{"cmd", "collect"}, {"tasks", json_of(tasks)}}));
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
      case Said::What::kSetUp: break;
      case Said::What::kProgress:
        if (progress) progress((*said)->done, (*said)->total);
        break;
      case Said::What::kMeasurements:
        if ((*said)->measurements.size() != tasks.size()) {
          broken_ = true;
          return fail(ErrorCode::kExternalTool,
                      fmt::format("the process that counts answered {} task(s) with {} measurement(s)",
                                  tasks.size(), (*said)->measurements.size()),
                      "the program and its helper must be of the same build");
        }
        return std::move((*said)->measurements);
      case Said::What::kError: return fail((*said)->error);
    }
  }
}

}  // namespace flashcore::session
