#include "app/session/worker_protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "app/session/error_json.h"

namespace flashcore::session {
namespace {

using core::Error;
using core::ErrorCode;
using core::fail;
using core::Result;
using nlohmann::json;
using Kind = ProfileEvent::Kind;

constexpr std::array<std::pair<Kind, const char*>, 6> kKinds{{{Kind::kSession, "session"},
                                                              {Kind::kRunStarted, "run_started"},
                                                              {Kind::kStep, "step"},
                                                              {Kind::kRunFinished, "run_finished"},
                                                              {Kind::kRunSkipped, "run_skipped"},
                                                              {Kind::kNote, "note"}}};

const char* name_of_kind(Kind kind) {
  return std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& k) { return k.first == kind; })->second;
}

// --- messages
// -----------------------------------------------------------------------------------------------

json to_json(const ProfileEvent& e) {
  return {{"event", name_of_kind(e.kind)}, {"session", e.session_id}, {"subject", e.subject},
          {"problem", e.problem},          {"step", e.step},          {"run_index", e.run_index},
          {"run_count", e.run_count},      {"done", e.done},          {"total", e.total},
          {"fraction", e.fraction},        {"run", e.run_id},         {"text", e.text}};
}

json to_json(const WorkerFinished& f) {
  json steps = json::array();
  for (const core::StepRecord& step : f.outcome.steps) {
    steps.push_back({{"name", step.name}, {"ms", step.ms}});
  }
  const json refusal = f.outcome.counter_refusal ? error_json(*f.outcome.counter_refusal) : json(nullptr);
  return {{"event", "finished"},
          {"session", f.outcome.session_id},
          {"runs", f.outcome.runs},
          {"wrong_answers", f.outcome.wrong_answers},
          {"cancelled", f.outcome.cancelled},
          {"skipped", f.outcome.skipped},
          {"counter_refusal", refusal},
          {"steps", std::move(steps)},
          {"exit_code", f.exit_code}};
}

json to_json(const WorkerError& e) {
  json object = error_json(e.error);
  object["event"] = "error";
  object["exit_code"] = e.exit_code;
  return object;
}

ProfileEvent event_from(const json& j, Kind kind) {
  only_keys(j, {"id", "event", "session", "subject", "problem", "step", "run_index", "run_count", "done",
                "total", "fraction", "run", "text"});
  ProfileEvent e;
  e.kind = kind;
  take(j, "session", e.session_id);
  take(j, "run", e.run_id);
  take(j, "subject", e.subject);
  take(j, "problem", e.problem);
  take(j, "step", e.step);
  take(j, "text", e.text);
  take(j, "run_index", e.run_index);
  take(j, "run_count", e.run_count);
  take(j, "done", e.done);
  take(j, "total", e.total);
  take(j, "fraction", e.fraction);
  return e;
}

std::vector<core::StepRecord> steps_from(const json& j) {
  std::vector<core::StepRecord> steps;
  if (!j.contains("steps")) return steps;
  if (!j["steps"].is_array()) throw BadLine("'steps' is no list");
  for (const json& item : j["steps"]) {
    if (!item.is_object()) throw BadLine("'steps' holds what is no step");
    only_keys(item, {"name", "ms"});
    core::StepRecord& step = steps.emplace_back();
    take(item, "name", step.name);
    take(item, "ms", step.ms);
  }
  return steps;
}

WorkerFinished finished_from(const json& j) {
  only_keys(j, {"id", "event", "session", "runs", "wrong_answers", "cancelled", "skipped", "counter_refusal",
                "steps", "exit_code"});
  WorkerFinished f;
  take(j, "session", f.outcome.session_id);
  take(j, "runs", f.outcome.runs);
  take(j, "wrong_answers", f.outcome.wrong_answers);
  take(j, "cancelled", f.outcome.cancelled);
  take(j, "skipped", f.outcome.skipped);
  take(j, "exit_code", f.exit_code);
  f.outcome.steps = steps_from(j);
  if (j.contains("counter_refusal") && !j["counter_refusal"].is_null()) {
    if (!j["counter_refusal"].is_object()) throw BadLine("'counter_refusal' is no object");
    only_keys(j["counter_refusal"], {"code", "message", "hint", "detail"});
    f.outcome.counter_refusal = error_from(j["counter_refusal"]);
  }
  return f;
}

WorkerError error_message_from(const json& j) {
  only_keys(j, {"id", "event", "code", "message", "hint", "detail", "exit_code"});
  WorkerError e{error_from(j), 0};
  take(j, "exit_code", e.exit_code);
  return e;
}

// --- requests
// -----------------------------------------------------------------------------------------------

std::optional<core::CacheState> cache_from(const json& j, const char* key) {
  if (!j.contains(key)) return std::nullopt;
  std::string name;
  take(j, key, name);
  const auto known = core::named<core::CacheState>(name);
  if (!known) throw BadLine(fmt::format("unknown {} '{}'", key, name.substr(0, 40)));
  return known;
}

Result<WorkerCommand> profile_from(const json& j) {
  only_keys(j,
            {"cmd",      "id",          "db",    "phases",  "problems", "causal",      "collect", "set",
             "warmup",   "iters",       "cache", "device",  "seed",     "strict",      "nvtx",    "ncu_path",
             "ncu_sets", "keep_report", "tags",  "command", "replay",   "replay_cache"});
  WorkerRequest r;
  take(j, "id", r.id);
  take(j, "db", r.database);
  take(j, "phases", r.profile.phases);
  std::vector<std::string> problems;
  take(j, "problems", problems);
  for (const std::string& text : problems) {
    auto problem = core::parse_problem(text);
    if (!problem) return fail(problem.error());
    r.profile.problems.push_back(*std::move(problem));
  }
  take(j, "causal", r.profile.causal_only);
  take(j, "collect", r.profile.collectors);
  std::string set(analysis::name_of(r.profile.set));
  take(j, "set", set);
  auto known = analysis::parse_counter_set(set);
  if (!known) return fail(known.error());
  r.profile.set = *known;
  take(j, "warmup", r.profile.warmup);
  take(j, "iters", r.profile.iterations);
  if (auto cache = cache_from(j, "cache")) r.profile.cache = *cache;
  r.profile.replay_cache = cache_from(j, "replay_cache");
  take(j, "device", r.profile.device);
  take(j, "seed", r.profile.seed);
  take(j, "strict", r.profile.strict);
  take(j, "nvtx", r.profile.nvtx_filter);
  take(j, "ncu_path", r.profile.ncu_path);
  take(j, "ncu_sets", r.profile.ncu_sets);
  take(j, "keep_report", r.profile.keep_report);
  take(j, "tags", r.profile.tags);
  take(j, "command", r.profile.command);
  if (j.contains("replay")) take(j, "replay", r.replay.emplace());
  return r;
}

Result<WorkerCommand> import_from(const json& j) {
  only_keys(j, {"cmd", "id", "db", "files", "ncu_path", "keep_report", "tags", "command"});
  WorkerImport i;
  take(j, "id", i.id);
  take(j, "db", i.database);
  std::vector<std::string> files;
  take(j, "files", files);
  i.request.files.assign(files.begin(), files.end());
  take(j, "ncu_path", i.request.ncu_path);
  take(j, "keep_report", i.request.keep_report);
  take(j, "tags", i.request.tags);
  take(j, "command", i.request.command);
  return i;
}

Error bad_line(std::string_view line, std::string_view why) {
  return {ErrorCode::kUsage, fmt::format("not a line of the worker's protocol: {}", why.substr(0, 200)),
          "the app and flashcore-profile must be of the same build", std::string(line.substr(0, 200))};
}

// nlohmann throws on malformed text and BadLine tells of the rest; neither may leave this file.
template <typename T, typename Read>
Result<T> read_line(std::string_view line, Read read) {
  std::string why;
  try {
    const json object = json::parse(line);
    if (object.is_object()) return read(object);
    why = "not an object";
  } catch (const json::exception& e) {
    why = e.what();
  } catch (const BadLine& e) {
    why = e.what();
  }
  return fail(bad_line(line, why));
}

}  // namespace

Result<WorkerCommand> parse_command(std::string_view line) {
  return read_line<WorkerCommand>(line, [&](const json& j) -> Result<WorkerCommand> {
    std::string cmd;
    take(j, "cmd", cmd);
    if (cmd == "profile") return profile_from(j);
    if (cmd == "import") return import_from(j);
    if (cmd != "cancel") throw BadLine(fmt::format("unknown cmd '{}'", cmd.substr(0, 40)));
    only_keys(j, {"cmd"});
    return WorkerCancel{};
  });
}

std::string to_line(const WorkerRequest& r) {
  std::vector<std::string> problems;
  for (const auto& problem : r.profile.problems) problems.push_back(core::canonical_text(problem));
  json object{{"cmd", "profile"},
              {"id", r.id},
              {"db", r.database},
              {"phases", r.profile.phases},
              {"problems", problems},
              {"causal", r.profile.causal_only},
              {"collect", r.profile.collectors},
              {"set", analysis::name_of(r.profile.set)},
              {"warmup", r.profile.warmup},
              {"iters", r.profile.iterations},
              {"cache", core::name_of(r.profile.cache)},
              {"device", r.profile.device},
              {"seed", r.profile.seed},
              {"strict", r.profile.strict},
              {"nvtx", r.profile.nvtx_filter},
              {"ncu_path", r.profile.ncu_path},
              {"ncu_sets", r.profile.ncu_sets},
              {"keep_report", r.profile.keep_report},
              {"tags", r.profile.tags},
              {"command", r.profile.command}};
  if (r.replay) object["replay"] = *r.replay;
  if (r.profile.replay_cache) object["replay_cache"] = core::name_of(*r.profile.replay_cache);
  return line_of(object);
}

std::string to_line(const WorkerImport& i) {
  std::vector<std::string> files;
  for (const auto& file : i.request.files) files.push_back(file.string());
  return line_of({{"cmd", "import"},
                  {"id", i.id},
                  {"db", i.database},
                  {"files", files},
                  {"ncu_path", i.request.ncu_path},
                  {"keep_report", i.request.keep_report},
                  {"tags", i.request.tags},
                  {"command", i.request.command}});
}

std::string cancel_line() {
  return R"({"cmd":"cancel"})";
}

std::string to_line(const WorkerMessage& message) {
  json object = std::visit([](const auto& m) { return to_json(m); }, message.content);
  object["id"] = message.id;
  return line_of(object);
}

Result<WorkerMessage> parse_message(std::string_view line) {
  return read_line<WorkerMessage>(line, [&](const json& j) -> Result<WorkerMessage> {
    std::string name;
    take(j, "event", name);
    WorkerMessage message;
    take(j, "id", message.id);
    if (name == "finished") {
      message.content = finished_from(j);
      return message;
    }
    if (name == "error") {
      message.content = error_message_from(j);
      return message;
    }
    for (const auto& [kind, text] : kKinds) {
      if (name != text) continue;
      message.content = event_from(j, kind);
      return message;
    }
    throw BadLine(fmt::format("unknown event '{}'", name.substr(0, 40)));
  });
}

}  // namespace flashcore::session
