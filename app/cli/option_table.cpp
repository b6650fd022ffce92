#include "app/cli/option_table.h"

#include <fmt/format.h>

#include <functional>
#include <map>

#include "app/session/collectors.h"

namespace flashcore::cli {
namespace {

struct Spec {
  std::string_view name;
  std::function<void(CLI::App&, OptionTargets)> add;
};

// "timing (Times), cupti (...)": from the registry, so that a new collector is told of by itself.
std::string collect_help() {
  std::string text = "what to measure:";
  std::string defaults;
  for (const auto& c : session::list_collectors()) {
    if (c.always) continue;
    text += fmt::format(" {} ({}),", c.id, c.title);
    if (c.by_default) defaults += (defaults.empty() ? "" : ",") + c.id;
  }
  text.back() = ';';
  return text + " default: " + defaults;
}

template <typename T>
CLI::Option* one_value(CLI::App& app, const char* name, T& value, const char* type, std::string help) {
  return app.add_option(name, value, std::move(help))->type_name(type);
}

CLI::Option* values(CLI::App& app, const char* name, std::vector<std::string>& list, const char* type,
                    std::string help) {
  return app.add_option(name, list, std::move(help))->allow_extra_args(false)->type_name(type);
}

const std::vector<Spec>& specs() {
  static const std::vector<Spec> kSpecs{
      {"--phase",
       [](CLI::App& a, OptionTargets t) {
         values(a, "--phase", t.options.phases, "NAME[,NAME]", "phases, or `all` (see: list phases)")
             ->delimiter(',');
       }},
      {"--shape",
       [](CLI::App& a, OptionTargets t) {
         values(a, "--shape", t.options.shapes, "NAME|B,H,S,D|B,H,Sq,Sk,D|AXIS=..",
                "problem; may be repeated (default: mission; see: list shapes). Axes may follow: "
                "mission,hkv=2,bf16,causal");
       }},
      {"--causal",
       [](CLI::App& a, OptionTargets t) {
         a.add_flag("--causal", t.options.causal, "mask keys after the query, aligned bottom right");
       }},
      {"--collect",
       [](CLI::App& a, OptionTargets t) {
         values(a, "--collect", t.options.collect, "NAME[,NAME]", collect_help())->delimiter(',');
       }},
      {"--ncu",
       [](CLI::App& a, OptionTargets t) {
         a.add_flag("--ncu", t.options.ncu, "count with Nsight Compute in place of CUPTI");
       }},
      {"--ncu-path",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--ncu-path", t.options.ncu_path, "FILE",
                   "the ncu to use (default: PATH, the toolkit)");
       }},
      {"--ncu-set",
       [](CLI::App& a, OptionTargets t) {
         values(a, "--ncu-set", t.options.ncu_sets, "NAME",
                "a set of ncu's own in place of the catalogue's counters; may be repeated");
       }},
      {"--keep-report",
       [](CLI::App& a, OptionTargets t) {
         a.add_flag("--keep-report", t.options.keep_report, "keep the .ncu-rep in the database");
       }},
      {"--nvtx",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--nvtx", t.options.nvtx, "FILTER",
                   "count only in ranges PHASE/PROBLEM/STEP that match; * is any text");
       }},
      {"--set",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--set", t.options.set, "SET", "how many counters: quick, standard or full")
             ->capture_default_str();
       }},
      {"--warmup",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--warmup", t.options.warmup, "N",
                   "launches before timing, at least; more until the clock is steady")
             ->capture_default_str();
       }},
      {"--iters",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--iters", t.options.iterations, "N",
                   "timed launches, and graph replays: half as many, but not under 10 unless N is")
             ->capture_default_str();
       }},
      {"--cache",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--cache", t.raw.cache, "STATE",
                   "what a launch finds in the caches: warm (what the launch before left) or cold (more than "
                   "L2 was read in between); default: warm. With --replay and for `list runs`: only runs "
                   "taken so");
       }},
      {"--device",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--device", t.raw.device, "N",
                   "ordinal of the GPU (default: 0); for `list runs` and `history` a part of its name");
       }},
      {"--seed",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--seed", t.options.seed, "N",
                   "seed of the timed inputs; answers are checked on them and on peaked ones")
             ->capture_default_str();
       }},
      {"--strict",
       [](CLI::App& a, OptionTargets t) {
         a.add_flag("--strict", t.options.strict,
                    "end with 3 when counters are refused, instead of trying the next way");
       }},
      {"--count",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--count", t.options.count, "N", "launches")->capture_default_str();
       }},
      {"--chip",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--chip", t.options.chip, "NAME", "chip for `list counters`, e.g. GH100");
       }},
      {"--since",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--since", t.options.since, "DATE", "runs taken at or after, e.g. 2026-01-31");
       }},
      {"--limit",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--limit", t.options.limit, "N", "runs a page; for `history` the newest of each series")
             ->capture_default_str();
       }},
      {"--before",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--before", t.options.before, "RUN",
                   "the page that follows: only runs before this one");
       }},
      {"--session",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--session", t.options.session, "N", "number of the session (default: the newest)");
       }},
      {"--runs",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--runs", t.options.runs, "WORD",
                   "the runs, by any word for them: session:4, a tag, a commit, fused@mission (default: the "
                   "newest session)");
       }},
      {"--base",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--base", t.options.base, "WORD", "compare with these runs, by any word for them");
       }},
      {"--measure",
       [](CLI::App& a, OptionTargets t) {
         a.add_flag("--measure", t.options.measure,
                    "time the two in turns until a verdict stands; they are phases, builds of FlashCore or "
                    "git revisions");
       }},
      {"--until",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--until", t.raw.until, "PERCENT",
                   "with --measure: go on until half of every interval is this narrow, e.g. 0.5%");
       }},
      {"--rounds",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--rounds", t.options.rounds, "N",
                   "with --measure: rounds of A B B A (default: until decided)");
       }},
      {"--seconds",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--seconds", t.options.seconds, "N", "with --measure: begin no round after this time");
       }},
      {"--smallest",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--smallest", t.raw.smallest, "PERCENT",
                   "the smallest change that matters (default: 1%)");
       }},
      {"--anyway",
       [](CLI::App& a, OptionTargets t) {
         a.add_flag("--anyway", t.options.anyway,
                    "compare what is not comparable: other problems, devices, caches");
       }},
      {"--all-metrics",
       [](CLI::App& a, OptionTargets t) {
         a.add_flag("--all-metrics", t.options.all_metrics, "metrics that did not change, too");
       }},
      {"--metric",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--metric", t.options.metric, "NAME", "metric of the catalogue (see: list metrics)")
             ->capture_default_str();
       }},
      {"--section",
       [](CLI::App& a, OptionTargets t) {
         values(a, "--section", t.options.sections, "NAME[,NAME]", "only these sections (see: list sections)")
             ->delimiter(',');
       }},
      {"--ascii",
       [](CLI::App& a, OptionTargets t) {
         a.add_flag("--ascii", t.options.ascii, "with plots made of characters");
       }},
      {"--junit",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--junit", t.raw.junit, "FILE", "write JUnit XML, for CI");
       }},
      {"--markdown",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--markdown", t.raw.markdown, "[FILE|-]", "as Markdown, for a pull request")
             ->expected(0, 1);
       }},
      {"--tag",
       [](CLI::App& a, OptionTargets t) {
         values(a, "--tag", t.raw.tags, "K=V", "label of the runs; may be repeated");
       }},
      {"--db",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--db", t.raw.database, "FILE", "database (default: $XDG_DATA_HOME/flashcore/runs.db)");
       }},
      {"--report",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--report", t.raw.report, "FILE", "write an HTML report");
       }},
      {"--json",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--json", t.raw.json, "[FILE|-]", "as JSON; - or nothing is standard output")
             ->expected(0, 1);
       }},
      {"--replay",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--replay", t.raw.replay, "[FILE]",
                   "serve a recording instead of measuring (default: the shipped one)")
             ->expected(0, 1);
       }},
      {"--catalogue",
       [](CLI::App& a, OptionTargets t) {
         one_value(a, "--catalogue", t.raw.catalogue, "FOLDER",
                   "metric files laid over the built-in ones (or $FLASHCORE_CATALOGUE)");
       }},
      {"--quiet",
       [](CLI::App& a, OptionTargets t) {
         a.add_flag("--quiet", t.options.quiet, "no progress line and no table");
       }},
      {"--verbose",
       [](CLI::App& a, OptionTargets t) {
         a.add_flag("--verbose", t.options.verbose, "say at the end where the time went, step by step");
       }},
  };
  return kSpecs;
}

const std::map<std::string_view, std::vector<std::string_view>>& table() {
  static const std::map<std::string_view, std::vector<std::string_view>> kTable{
      {"", {"--phase",   "--shape",       "--causal", "--collect",   "--ncu",    "--ncu-path",
            "--ncu-set", "--keep-report", "--nvtx",   "--set",       "--warmup", "--iters",
            "--cache",   "--device",      "--seed",   "--strict",    "--tag",    "--db",
            "--report",  "--json",        "--replay", "--catalogue", "--quiet",  "--verbose"}},
      {"list phases", {"--json"}},
      {"list shapes", {"--json"}},
      {"list collectors", {"--json"}},
      {"list devices", {"--json"}},
      {"list metrics", {"--json", "--catalogue"}},
      {"list sections", {"--json", "--catalogue"}},
      {"list counters", {"--chip", "--set", "--json", "--catalogue"}},
      {"list runs",
       {"--phase", "--shape", "--causal", "--cache", "--device", "--tag", "--since", "--limit", "--before",
        "--db", "--json"}},
      {"list",
       {"--phase", "--shape", "--causal", "--cache", "--device", "--tag", "--since", "--limit", "--before",
        "--db", "--chip", "--set", "--json", "--catalogue"}},
      {"show", {"--section", "--ascii", "--db", "--json", "--catalogue"}},
      {"report",
       {"--session", "--runs", "--base", "--smallest", "--db", "--report", "--markdown", "--json",
        "--catalogue"}},
      {"compare",
       {"--measure", "--until", "--rounds", "--seconds", "--phase", "--shape", "--causal", "--iters",
        "--device", "--tag", "--smallest", "--anyway", "--all-metrics", "--ascii", "--db", "--json",
        "--markdown", "--catalogue", "--quiet"}},
      {"why", {"--anyway", "--ascii", "--db", "--json", "--catalogue"}},
      {"history",
       {"--phase", "--shape", "--causal", "--cache", "--device", "--metric", "--since", "--limit",
        "--smallest", "--ascii", "--db", "--json", "--catalogue"}},
      {"gate",
       {"--runs", "--strict", "--smallest", "--junit", "--markdown", "--db", "--json", "--catalogue"}},
      {"manual", {}},
      {"completion", {}},
      {"import",
       {"--db", "--tag", "--ncu-path", "--keep-report", "--report", "--json", "--catalogue", "--quiet"}},
      {"doctor", {"--device", "--ncu-path"}},
      {"record", {"--db"}},
      {"launch", {"--phase", "--shape", "--causal", "--device", "--seed", "--count"}},
      {"worker", {"--catalogue"}},
      {"helper", {}},
  };
  return kTable;
}

}  // namespace

const std::vector<std::string_view>& options_of(std::string_view command) {
  return table().at(command);
}

void add_all_options(CLI::App& app, OptionTargets targets) {
  for (const Spec& spec : specs()) spec.add(app, targets);
}

void add_options_of(CLI::App& app, std::string_view command, OptionTargets targets) {
  for (const std::string_view name : options_of(command)) {
    for (const Spec& spec : specs()) {
      if (spec.name == name) spec.add(app, targets);
    }
  }
}

}  // namespace flashcore::cli
