#include "app/session/worker_protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace flashcore::session {
namespace {

using core::Error;
using core::ErrorCode;
using core::fail;
using core::Result;
using nlohmann::json;
using Kind = ProfileEvent::Kind;

constexpr std::array<std::pair<Kind, const char*>, 5> kKinds{{{Kind::kSession, "session"},
                                                              {Kind::kRunStarted, "run_started"},
                                                              {Kind::kStep, "step"},
                                                              {Kind::kRunFinished, "run_finished"},
                                                              {Kind::kRunSkipped, "run_skipped"}}};

constexpr std::array<ErrorCode, 10> kCodes{
    ErrorCode::kGateFailed,   ErrorCode::kUsage,       ErrorCode::kNoDevice, ErrorCode::kPermission,
    ErrorCode::kDevice,       ErrorCode::kWrongAnswer, ErrorCode::kDatabase, ErrorCode::kFile,
    ErrorCode::kExternalTool, ErrorCode::kCancelled};

ErrorCode code_named(std::string_view name) {
  for (const ErrorCode code : kCodes) {
    if (core::name_of(code) == name) return code;
  }
  return ErrorCode::kDevice;
}

// Text from anywhere must not make the line unreadable: bytes that are not UTF-8 are replaced.
std::string line_of(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

json error_json(const Error& e) {
  return {{"code", core::name_of(e.code)}, {"message", e.message}, {"hint", e.hint}, {"detail", e.context}};
}

Error error_from(const json& j) {
  return {code_named(j.value("code", "")), j.value("message", ""), j.value("hint", ""),
          j.value("detail", "")};
}

json to_json(const ProfileEvent& e) {
  const char* name = "step";
  for (const auto& [kind, text] : kKinds) {
    if (kind == e.kind) name = text;
  }
  return {{"event", name},    {"session", e.session_id},  {"phase", e.phase},         {"shape", e.problem},
          {"step", e.step},   {"run_index", e.run_index}, {"run_count", e.run_count}, {"done", e.done},
          {"total", e.total}, {"fraction", e.fraction},   {"run", e.run_id},          {"text", e.text}};
}

json to_json(const WorkerFinished& f) {
  const json refusal = f.outcome.counter_refusal ? error_json(*f.outcome.counter_refusal) : json(nullptr);
  return {{"event", "finished"},
          {"session", f.outcome.session_id},
          {"runs", f.outcome.runs},
          {"wrong_answers", f.outcome.wrong_answers},
          {"cancelled", f.outcome.cancelled},
          {"skipped", f.outcome.skipped},
          {"counter_refusal", refusal},
          {"exit_code", f.exit_code}};
}

json to_json(const WorkerError& e) {
  json object = error_json(e.error);
  object["event"] = "error";
  object["exit_code"] = e.exit_code;
  return object;
}

WorkerFinished finished_from(const json& j) {
  WorkerFinished f;
  f.outcome.session_id = j.value("session", core::RowId{0});
  f.outcome.runs = j.value("runs", std::vector<core::RowId>{});
  f.outcome.wrong_answers = j.value("wrong_answers", 0);
  f.outcome.cancelled = j.value("cancelled", false);
  f.outcome.skipped = j.value("skipped", std::vector<std::string>{});
  if (j.contains("counter_refusal") && j["counter_refusal"].is_object()) {
    f.outcome.counter_refusal = error_from(j["counter_refusal"]);
  }
  f.exit_code = j.value("exit_code", 0);
  return f;
}

ProfileEvent event_from(const json& j, Kind kind) {
  ProfileEvent e;
  e.kind = kind;
  e.session_id = j.value("session", core::RowId{0});
  e.run_id = j.value("run", core::RowId{0});
  e.phase = j.value("phase", "");
  e.problem = j.value("shape", "");
  e.step = j.value("step", "");
  e.text = j.value("text", "");
  e.run_index = j.value("run_index", 0);
  e.run_count = j.value("run_count", 0);
  e.done = j.value("done", 0);
  e.total = j.value("total", 0);
  e.fraction = j.value("fraction", 0.0);
  return e;
}

Result<WorkerRequest> request_from(const json& j) {
  WorkerRequest r;
  r.database = j.value("db", "");
  r.profile.phases = j.value("phases", std::vector<std::string>{"all"});
  r.shapes = j.value("shapes", std::vector<std::string>{});
  r.causal = j.value("causal", false);
  const auto collect = j.value("collect", std::vector<std::string>{"timing", "cupti"});
  r.profile.collect_timing = std::find(collect.begin(), collect.end(), "timing") != collect.end();
  r.profile.collect_counters = std::find(collect.begin(), collect.end(), "cupti") != collect.end();
  auto set = analysis::parse_counter_set(j.value("set", "standard"));
  if (!set) return fail(set.error());
  r.profile.set = *set;
  r.profile.warmup = j.value("warmup", r.profile.warmup);
  r.profile.iterations = j.value("iters", r.profile.iterations);
  r.profile.device = j.value("device", 0);
  r.profile.tags = j.value("tags", std::map<std::string, std::string>{});
  if (j.contains("replay") && j["replay"].is_string()) r.replay = j["replay"].get<std::string>();
  return r;
}

Error bad_line(std::string_view line, std::string_view why) {
  return {ErrorCode::kUsage, fmt::format("not a line of the worker's protocol: {}", why),
          "the app and flashcore-profile must be of the same build", std::string(line.substr(0, 200))};
}

// nlohmann throws on malformed text and on values of another type; neither may leave this file.
template <typename T, typename Read>
Result<T> read_line(std::string_view line, Read read) {
  try {
    const json object = json::parse(line);
    if (!object.is_object()) return fail(bad_line(line, "not an object"));
    return read(object);
  } catch (const json::exception& e) {
    return fail(bad_line(line, e.what()));
  }
}

}  // namespace

Result<WorkerCommand> parse_command(std::string_view line) {
  return read_line<WorkerCommand>(line, [&](const json& j) -> Result<WorkerCommand> {
    const std::string cmd = j.value("cmd", "");
    if (cmd == "cancel") return WorkerCancel{};
    if (cmd != "profile") return fail(bad_line(line, "unknown cmd"));
    auto request = request_from(j);
    if (!request) return fail(request.error());
    return *std::move(request);
  });
}

std::string to_line(const WorkerRequest& r) {
  std::vector<std::string> collect;
  if (r.profile.collect_timing) collect.emplace_back("timing");
  if (r.profile.collect_counters) collect.emplace_back("cupti");
  json object{{"cmd", "profile"},
              {"db", r.database},
              {"phases", r.profile.phases},
              {"shapes", r.shapes},
              {"causal", r.causal},
              {"collect", collect},
              {"set", analysis::name_of(r.profile.set)},
              {"warmup", r.profile.warmup},
              {"iters", r.profile.iterations},
              {"device", r.profile.device},
              {"tags", r.profile.tags}};
  if (r.replay) object["replay"] = *r.replay;
  return line_of(object);
}

std::string cancel_line() {
  return R"({"cmd":"cancel"})";
}

std::string to_line(const WorkerMessage& message) {
  return line_of(std::visit([](const auto& m) { return to_json(m); }, message));
}

Result<WorkerMessage> parse_message(std::string_view line) {
  return read_line<WorkerMessage>(line, [&](const json& j) -> Result<WorkerMessage> {
    const std::string name = j.value("event", "");
    if (name == "finished") return finished_from(j);
    if (name == "error") return WorkerError{error_from(j), j.value("exit_code", 0)};
    for (const auto& [kind, text] : kKinds) {
      if (name == text) return event_from(j, kind);
    }
    return fail(bad_line(line, "unknown event"));
  });
}

}  // namespace flashcore::session
