#include "app/session/gate.h"

#include <fmt/format.h>

#include <utility>

#include "app/session/library.h"
#include "app/session/run_words.h"

namespace flashcore::session {
namespace {

using core::Result;

// Each is read whole; more than the newest of these narrow no interval.
constexpr std::size_t kMostOfABase = 1000;

// The runs that are judged, and the sentence that says which.
Result<std::pair<std::string, std::vector<analysis::RunAnalysis>>> judged_runs(
    const std::string& word, const store::Store& store, const analysis::Catalogue& catalogue,
    const core::CancelToken& cancel) {
  std::string sentence;
  auto runs = [&]() -> Result<std::vector<analysis::RunAnalysis>> {
    if (!word.empty()) {
      auto named = named_runs(store, word);
      if (!named) return core::fail(named.error());
      sentence = named->sentence;
      return load_runs(store, named->ids, catalogue, cancel);
    }
    auto session = store.latest_session();
    if (!session) return core::fail(session.error());
    auto loaded = load_session(store, *session, catalogue, cancel);
    if (loaded) sentence = fmt::format("the {} runs of session {}", loaded->size(), *session);
    return loaded;
  }();
  if (!runs) return core::fail(runs.error());
  if (runs->empty()) {
    return core::fail(core::ErrorCode::kUsage, "there are no runs to hold against the gate",
                      "take some: flashcore-profile, or name others with --runs");
  }
  return std::pair{std::move(sentence), std::move(*runs)};
}

}  // namespace

Result<GateOutcome> check_gates(const std::filesystem::path& file, const std::string& word,
                                const store::Store& store, const analysis::Catalogue& catalogue,
                                double smallest, const core::CancelToken& cancel) {
  // The file first: a typo in it needs no database.
  auto gates = analysis::read_gate_file(file, catalogue);
  if (!gates) return core::fail(gates.error());
  auto judged = judged_runs(word, store, catalogue, cancel);
  if (!judged) return core::fail(judged.error());
  GateOutcome outcome;
  outcome.file = std::move(*gates);
  outcome.runs_sentence = std::move(judged->first);
  const auto find_base = [&](const std::string& base) -> Result<std::vector<analysis::RunAnalysis>> {
    auto named = named_runs(store, base);
    if (!named) return core::fail(named.error());
    if (named->ids.size() > kMostOfABase)
      named->ids.erase(named->ids.begin(), named->ids.end() - kMostOfABase);
    return load_runs(store, named->ids, catalogue, cancel);
  };
  analysis::CompareOptions options;
  options.smallest = smallest;
  auto result = analysis::check_gates(outcome.file, judged->second, find_base, options);
  if (!result) return core::fail(result.error());
  outcome.result = std::move(*result);
  return outcome;
}

}  // namespace flashcore::session
