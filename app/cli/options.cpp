#include "app/cli/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <chrono>

#include "analysis/catalogue.h"
#include "app/cli/command_table.h"
#include "app/cli/option_table.h"
#include "app/session/collectors.h"
#include "core/build_info.h"
#include "core/nearest.h"

namespace flashcore::cli {
namespace {

using core::ErrorCode;
using core::fail;
using core::Result;
using core::Status;

// CLI11 says only that an argument was not expected; people want to know what they may have meant.
core::Error unexpected(const CLI::App& app, const std::vector<std::string>& extras) {
  std::vector<std::string> options, command_names;
  for (const auto* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) options.push_back("--" + name);
  }
  for (const CommandSpec& spec : commands()) {
    if (spec.for_people) command_names.emplace_back(spec.name);
  }
  std::sort(options.begin(), options.end());
  const auto dashed =
      std::find_if(extras.begin(), extras.end(), [](const std::string& e) { return e.starts_with("-"); });
  const bool is_option = dashed != extras.end();
  const std::string name = is_option ? dashed->substr(0, dashed->find('=')) : extras.front();
  const auto* command = chosen_command(app);
  if (!is_option && command != nullptr) {
    return {ErrorCode::kUsage,
            fmt::format("'{}' is one argument too many for {}", core::shortened(name), command->name),
            fmt::format("see flashcore-profile {} --help", command->name),
            {}};
  }
  core::Error error =
      core::unknown_name(is_option ? "option" : "command", name, is_option ? options : command_names);
  error.hint = "see flashcore-profile --help";
  return error;
}

// An option that the command does not use would be silently without effect.
Status check_belongs(const CLI::App& app, const CommandSpec* command, const Options& o) {
  std::string name = command == nullptr ? "" : command->name;
  if (command != nullptr && command->command == Command::kList) name += " " + o.list_what;
  const auto& taken = options_of(name);
  for (const auto* option : app.get_options()) {
    if (option->count() == 0 || option->get_lnames().empty()) continue;
    const std::string given = "--" + option->get_lnames().front();
    if (std::find(taken.begin(), taken.end(), given) != taken.end()) continue;
    return fail(ErrorCode::kUsage,
                fmt::format("{} takes no {}", name.empty() ? "flashcore-profile" : name, given),
                taken.empty() ? "it takes no options" : fmt::format("it takes {}", fmt::join(taken, ", ")));
  }
  return {};
}

// What says how to measure. A replay has no use for it, and the same command without a GPU (scripts/run)
// should not fail for it either: it is told.
std::vector<std::string> idle_options(const CLI::App& app, const Options& o) {
  std::vector<std::string> idle;
  if (!o.replay) return idle;
  for (const char* name : {"--collect", "--ncu", "--ncu-path", "--ncu-set", "--keep-report", "--nvtx",
                           "--set", "--warmup", "--iters", "--device", "--seed", "--strict"}) {
    if (app.get_option(name)->count() > 0) idle.emplace_back(name);
  }
  return idle;
}

Status parse_tags(const std::vector<std::string>& texts, core::Tags& tags) {
  for (const std::string& text : texts) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(ErrorCode::kUsage,
                  fmt::format("tag '{}' is not of the form KEY=VALUE", core::shortened(text)),
                  "for example --tag branch=main");
    }
    tags[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return {};
}

Status parse_device(const std::string& text, Options& o) {
  o.device_name = text;
  const bool by_name = o.command == Command::kList || o.command == Command::kHistory;
  if (by_name || text.empty()) return {};
  const auto ordinal = core::whole_number(text);
  if (!ordinal || *ordinal < 0 || *ordinal > 1024) {
    return fail(ErrorCode::kUsage, fmt::format("--device '{}' is no ordinal of a GPU", core::shortened(text)),
                "see: flashcore-profile list devices");
  }
  o.device = static_cast<int>(*ordinal);
  return {};
}

Status parse_cache(const std::string& text, Options& o) {
  o.cache = core::named<core::CacheState>(text);
  if (o.cache) return {};
  std::vector<std::string> known;
  for (const auto& [state, name] : core::kNames<core::CacheState>) known.emplace_back(name);
  return fail(core::unknown_name("cache state", text, known));
}

bool is_date(int year, int month, int day) {
  using namespace std::chrono;
  return year_month_day(std::chrono::year(year) / month / day).ok();
}

// "2026-01-31", or with a time after it, which may end after any of its parts.
Status check_since(const std::string& text) {
  static constexpr std::string_view kForm = "0000-00-00T00:00:00Z";
  static constexpr std::size_t kEnds[] = {10, 13, 16, 19, 20};
  bool good = std::find(std::begin(kEnds), std::end(kEnds), text.size()) != std::end(kEnds);
  for (std::size_t i = 0; good && i < text.size(); ++i) {
    good = kForm[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == kForm[i];
  }
  const auto part = [&](std::size_t at, std::size_t size) {
    return at + size <= text.size() ? std::stoi(text.substr(at, size)) : 0;
  };
  good = good && is_date(part(0, 4), part(5, 2), part(8, 2)) && part(11, 2) < 24 && part(14, 2) < 60 &&
         part(17, 2) < 60;
  if (good || text.empty()) return {};
  return fail(ErrorCode::kUsage, fmt::format("--since '{}' is no date", core::shortened(text)),
              "for example --since 2026-01-31, or 2026-01-31T12:00:00Z");
}

// "0.5%" as 0.005.
Result<double> parse_percent(const char* option, const std::string& text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  const bool percent = error == std::errc() && rest + 1 == end && *rest == '%';
  if (percent && value > 0 && value <= 100) return value / 100;
  return fail(ErrorCode::kUsage, fmt::format("{} '{}' is no share in percent above 0", option, core::shortened(text)),
              fmt::format("for example {} 0.5%", option));
}

Status take_percents(const RawOptions& raw, Options& o) {
  if (!raw.until.empty()) {
    auto until = parse_percent("--until", raw.until);
    if (!until) return fail(until.error());
    o.until = *until;
  }
  if (!raw.smallest.empty()) {
    auto smallest = parse_percent("--smallest", raw.smallest);
    if (!smallest) return fail(smallest.error());
    o.smallest = *smallest;
  }
  return {};
}

std::optional<std::string> given(const CLI::App& app, const char* option, const std::string& value) {
  return app.get_option(option)->count() > 0 ? std::optional(value) : std::nullopt;
}

Status take_raw(const CLI::App& app, const RawOptions& raw, Options& o) {
  o.database = given(app, "--db", raw.database);
  o.report = given(app, "--report", raw.report);
  o.json = given(app, "--json", raw.json);
  o.replay = given(app, "--replay", raw.replay);
  if (o.json && o.json->empty()) o.json = "-";
  o.junit = given(app, "--junit", raw.junit);
  o.markdown = given(app, "--markdown", raw.markdown);
  if (o.markdown && o.markdown->empty()) o.markdown = "-";
  if (auto ok = take_percents(raw, o); !ok) return ok;
  if (o.rounds < 0 || o.rounds > 10'000)
    return fail(ErrorCode::kUsage, fmt::format("--rounds {} is not between 1 and 10000", o.rounds));
  if (!(o.seconds >= 0)) return fail(ErrorCode::kUsage, "--seconds is not a time");
  if (!raw.catalogue.empty()) o.catalogue = raw.catalogue;
  for (const auto& [option, value] :
       {std::pair{"--db", o.database}, {"--report", o.report}, {"--junit", o.junit}}) {
    if (value && value->empty()) {
      return fail(ErrorCode::kUsage, fmt::format("{} was given an empty name", option), "name a file");
    }
  }
  if (auto set = analysis::parse_counter_set(o.set); !set) return fail(set.error());
  if (auto ok = session::check_collectors(o.collect); !ok) return ok;
  if (auto ok = parse_device(raw.device, o); !ok) return ok;
  if (const auto cache = given(app, "--cache", raw.cache)) {
    if (auto ok = parse_cache(*cache, o); !ok) return ok;
  }
  if (auto ok = check_since(o.since); !ok) return ok;
  if (o.count < 1) return fail(ErrorCode::kUsage, fmt::format("--count {} is not at least 1", o.count));
  // A page of a list has fifty; a history wants its past.
  constexpr int kRunsOfAHistory = 1000;
  if (o.command == Command::kHistory && app.get_option("--limit")->count() == 0) o.limit = kRunsOfAHistory;
  if (o.limit < 1 || o.limit > 1'000'000)
    return fail(ErrorCode::kUsage, fmt::format("--limit {} is not between 1 and 1000000", o.limit));
  if (o.before < 0) return fail(ErrorCode::kUsage, fmt::format("--before {} names no run", o.before));
  return parse_tags(raw.tags, o.tags);
}

Options text_of(std::string text) {
  Options o;
  o.command = Command::kText;
  o.text = std::move(text);
  return o;
}

}  // namespace

const std::vector<std::string>& list_names() {
  static const std::vector<std::string> kNames{"phases",   "shapes",   "collectors", "metrics",
                                               "sections", "counters", "devices",    "runs"};
  return kNames;
}

Result<Options> parse_options(int argc, const char* const* argv) {
  Options o;
  RawOptions raw;
  CLI::App app("", "flashcore-profile");
  app.set_version_flag("--version", fmt::format("flashcore-profile {} ({})", core::build_info().version,
                                                core::build_info().git_sha.substr(0, 10)));
  add_all_options(app, {o, raw});
  add_commands(app, o);
  app.allow_extras(false);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return text_of(help_of(chosen_command(app)));
  } catch (const CLI::CallForVersion& e) {
    return text_of(std::string(e.what()) + "\n");
  } catch (const CLI::ExtrasError&) {
    return fail(unexpected(app, app.remaining(true)));
  } catch (const CLI::ParseError& e) {
    const auto* command = chosen_command(app);
    const std::string words = command == nullptr ? "" : fmt::format(" {}", command->name);
    return fail(ErrorCode::kUsage, fmt::format("flashcore-profile{}: {}", words, e.what()),
                fmt::format("see flashcore-profile{} --help", words));
  }
  const auto* command = chosen_command(app);
  if (command != nullptr) o.command = command->command;
  if (o.command == Command::kList &&
      std::find(list_names().begin(), list_names().end(), o.list_what) == list_names().end()) {
    return fail(core::unknown_name("list", o.list_what, list_names()));
  }
  if (auto ok = check_belongs(app, command, o); !ok) return fail(ok.error());
  if (auto ok = take_raw(app, raw, o); !ok) return fail(ok.error());
  o.idle = idle_options(app, o);
  return o;
}

}  // namespace flashcore::cli
