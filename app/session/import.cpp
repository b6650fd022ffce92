#include "app/session/import.h"

#include <fmt/format.h>

#include <fstream>

#include "app/session/ledger.h"
#include "collectors/import/importer.h"
#include "collectors/ncu.h"
#include "core/atomic_file.h"
#include "core/attention.h"
#include "core/build_info.h"
#include "kernels/models.h"
#include "kernels/phase_index.h"

namespace flashcore::session {
namespace {

using collectors::Imported;
using collectors::ImportFormat;
using core::ErrorCode;
using core::fail;
using core::Result;
using Kind = ProfileEvent::Kind;

constexpr std::size_t kFirstBytes = 64 << 10;  // enough to tell a format

core::Error unknown_format(const std::filesystem::path& file) {
  return {ErrorCode::kUsage,
          fmt::format("{}:1:1: none of the formats that can be imported", file.string()),
          "give an .ncu-rep, what `ncu --csv` printed (raw or details page), nvbench's --json, or what "
          "scripts/compare_torch wrote",
          {}};
}

Result<Imported> read_runs(const std::filesystem::path& file, const ImportRequest& request,
                           const core::CancelToken& cancel) {
  auto content = core::read_file(file);
  if (!content) return fail(content.error());
  const std::string name = file.string();
  switch (collectors::import_format(std::string_view(*content).substr(0, kFirstBytes))) {
    case ImportFormat::kNcuCsv: return collectors::import_ncu_csv(*content, name);
    case ImportFormat::kNvbenchJson: return collectors::import_nvbench_json(*content, name);
    case ImportFormat::kTimingsJson: return collectors::import_timings_json(*content, name);
    case ImportFormat::kNcuReport: {
      auto imported = collectors::import_ncu_report(file, request.ncu_path, cancel);
      if (imported && request.keep_report && !imported->runs.empty() &&
          !imported->runs.front().measurements.empty()) {
        imported->runs.front().measurements.front().artifacts.push_back(
            {"ncu_report", file.filename().string(), "application/octet-stream", *std::move(content)});
      }
      return imported;
    }
    case ImportFormat::kUnknown: break;
  }
  return fail(unknown_format(file));
}

core::SessionRecord session_of(const ImportRequest& request, const std::filesystem::path& file,
                               const analysis::Catalogue& catalogue) {
  core::SessionRecord session;
  session.started_at = core::utc_now();
  session.command = request.command;
  session.origin = core::Origin::kImport;
  session.source = file.filename().string();
  session.tags = request.tags;
  session.environment.git_sha = core::build_info().git_sha;
  session.environment.program_version = core::build_info().version;
  session.environment.catalogue_hash = catalogue.hash();
  return session;
}

// Of the hash of the kernels' sources, as many digits as a library says of itself.
constexpr std::size_t kFewestDigits = 12;

// What no file says of a run of FlashCore's own workload: what its problem asks of any kernel, where a phase
// stands, and which sources it was built from where they are this program's too.
void complete_own(core::RunRecord& run) {
  if (run.problem && run.problem->workload == core::kAttention) {
    if (const auto attention = core::attention_of(*run.problem))
      run.model = kernels::attention_model(*attention);
  }
  if (run.subject.kind != core::SubjectKind::kPhase) return;
  const auto phase = kernels::find_phase(run.subject.name);
  if (!phase) return;
  const core::PhaseInfo& info = (*phase)->info;
  if (run.subject.title.empty()) run.subject.title = info.title;
  run.subject.ladder = core::LadderRecord{info.rung, info.reference};
  std::string& built_from = run.environment.kernels_hash;
  if (built_from.size() < kFewestDigits || !kernels::kernels_hash().starts_with(built_from)) return;
  built_from = kernels::kernels_hash();
  run.subject.source_hash = kernels::phase_hash(run.subject.name);
}

// What every imported run is, whoever wrote its file.
void complete(Imported& imported, const ImportRequest& request) {
  for (core::RunRecord& run : imported.runs) {
    run.origin = core::Origin::kImport;
    complete_own(run);
    if (run.taken_at.empty()) run.taken_at = core::utc_now();
    for (const auto& [key, value] : request.tags) run.tags[key] = value;
  }
  if (imported.runs.empty()) return;
  auto& first = imported.runs.front().diagnostics;
  first.insert(first.end(), imported.notes.begin(), imported.notes.end());
}

}  // namespace

core::Status check_import(const ImportRequest& request) {
  if (request.files.empty()) return fail(ErrorCode::kUsage, "no file was named", "name a file to import");
  const std::filesystem::path& file = request.files.front();
  std::error_code error;
  // A pipe can be read only once.
  if (std::filesystem::exists(file, error) && !std::filesystem::is_regular_file(file, error)) return {};
  std::ifstream in(file, std::ios::binary);
  std::string first(kFirstBytes, '\0');
  in.read(first.data(), static_cast<std::streamsize>(first.size()));
  if (in.gcount() <= 0 && !in.eof())
    return fail(ErrorCode::kFile, fmt::format("cannot read {}", file.string()), "check the path");
  first.resize(static_cast<std::size_t>(in.gcount()));
  if (collectors::import_format(first) == ImportFormat::kUnknown) return fail(unknown_format(file));
  return {};
}

Result<ProfileOutcome> import_files(const ImportRequest& request, store::Store& store,
                                    const analysis::Catalogue& catalogue, const core::CancelToken& cancel,
                                    const OnEvent& on_event) {
  if (request.files.empty()) return fail(ErrorCode::kUsage, "no file was named", "name a file to import");
  ProfileOutcome outcome;
  ProfileEvent event;
  event.run_count = static_cast<int>(request.files.size());
  const auto tell = [&](Kind kind, std::string text = {}) {
    event.kind = kind;
    event.text = std::move(text);
    event.fraction = (event.run_index + (kind == Kind::kRunFinished ? 1.0 : 0.0)) / event.run_count;
    if (on_event) on_event(event);
  };
  for (const std::filesystem::path& file : request.files) {
    if (cancel.requested()) break;
    event.subject = file.filename().string();
    event.run_id = 0;
    tell(Kind::kRunStarted);
    auto imported = read_runs(file, request, cancel);
    if (!imported) {
      if (imported.error().code == ErrorCode::kCancelled) break;
      return fail(imported.error());
    }
    complete(*imported, request);
    for (const auto& note : imported->notes) tell(Kind::kNote, note.message);
    if (imported->runs.empty()) {
      return fail(ErrorCode::kUsage, fmt::format("{} holds no kernels", file.string()),
                  "profile at least one kernel into it");
    }
    core::SessionRecord session = session_of(request, file, catalogue);
    if (auto ok = store.write_runs(session, imported->runs); !ok) {
      if (cancel.requested()) break;
      return fail(ok.error());
    }
    outcome.session_id = event.session_id = session.id;
    tell(Kind::kSession);
    for (const core::RunRecord& run : imported->runs) outcome.runs.push_back(run.id);
    event.run_id = outcome.runs.back();
    tell(Kind::kRunFinished, fmt::format("{} run(s) from {}", imported->runs.size(), file.string()));
    ++event.run_index;
  }
  outcome.cancelled = cancel.requested();
  return outcome;
}

}  // namespace flashcore::session
