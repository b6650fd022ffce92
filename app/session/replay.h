// The use case "replay": runs of a recording travel the same way as measured ones, marked as what
// they are.
//
// Owns: nothing. Errors: kFile, kDatabase for the recording; kUsage where it holds no such phase or
// problem (what it holds is in the hint). Threads: blocks the caller.
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

// Replays the runs that match the request's phases and problems (no problems: all of the
// recording's, or those with the mask for causal_only) into `store`.
core::Result<ProfileOutcome> replay(const std::filesystem::path& recording, const ProfileRequest& request,
                                    store::Store& store, const core::CancelToken& cancel,
                                    const OnEvent& on_event);

// "recording of NVIDIA H200, taken 2026-11-20 at commit abc1234 (4 runs)"; one line a device.
core::Result<std::string> describe_recording(const std::filesystem::path& recording);

// Runs of the recording whose phase hash is not the tree's: "wmma on mission".
core::Result<std::vector<std::string>> stale_runs(const std::filesystem::path& recording);

}  // namespace flashcore::session
