// The use case "replay": a recording is a source of measurements. Its runs travel the same way as measured
// ones, run by run with their measurements, marked as what they are.
//
// Owns: the opened recording; its file is read once, so that a pipe does too. Errors: kFile, kDatabase for
// the recording; kUsage where it holds no such phase or problem (what it holds is in the hint). Both come
// before a database is opened to write to. Threads: blocks the caller.
//
//   auto source = ReplaySource::open(path, request);
//   auto store = store::Store::open("runs.db");
//   source->replay(request, *store, cancel, on_event);
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/session/profile.h"

namespace flashcore::session {

// The recording that ships with the program (the newest, by name); kFile where none is installed.
core::Result<std::filesystem::path> shipped_recording();

// The recording that a user named, or the shipped one for an empty name (`--replay` alone).
core::Result<std::filesystem::path> named_recording(const std::string& name);

class ReplaySource {
 public:
  // With the runs that match the request's phases, replay_cache and problems (no problems: all of the
  // recording's, or those with the mask for causal_only).
  static core::Result<ReplaySource> open(const std::filesystem::path& recording,
                                         const ProfileRequest& request);

  // "recording of NVIDIA H200, taken 2026-11-20 at commit abc1234 (4 runs)"; one line a device.
  const std::string& description() const { return description_; }

  core::Result<ProfileOutcome> replay(const ProfileRequest& request, store::Store& store,
                                      const core::CancelToken& cancel, const OnEvent& on_event) const;

 private:
  ReplaySource(std::string name, store::Store recording)
      : name_(std::move(name)), recording_(std::move(recording)) {}

  std::string name_;
  store::Store recording_;
  std::vector<store::RunSummary> wanted_;  // in the order taken
  std::string description_;
};

// As ReplaySource::description(), of the whole recording.
core::Result<std::string> describe_recording(const std::filesystem::path& recording);

// Runs of the recording whose source hash is not the tree's: "wmma on mission".
core::Result<std::vector<std::string>> stale_runs(const std::filesystem::path& recording);

}  // namespace flashcore::session
