// Finding a program outside this one, and asking for its version.
//
// Owns: nothing. Threads: any. Errors: what is not found is empty, but find_ncu says what to do.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/result.h"

namespace flashcore::collectors {

// The first executable of that name on PATH; empty when there is none.
std::filesystem::path find_on_path(std::string_view name);

// Nsight Compute's ncu. `given` (of --ncu-path) is a program, or a folder that holds ncu, and then nothing
// else is looked at; where it is empty FLASHCORE_NCU_PATH takes its place. Without either: PATH, the toolkit
// (CUDA_HOME, CUDA_PATH, /usr/local/cuda), the newest of /opt/nvidia/nsight-compute/*.
// kExternalTool with the remedy where there is none.
core::Result<std::filesystem::path> find_ncu(const std::string& given = {});

// The ncu of the newest version below a folder that has one folder a version ("2025.3.1/ncu"); empty where
// there is none.
std::filesystem::path newest_ncu(const std::filesystem::path& versions);

// What `program --version` prints (standard output only); empty when it cannot be run or takes longer than
// 30 s. At most 64 KiB.
std::string version_output(const std::filesystem::path& program);

// The first dotted number after "ersion " in `text` ("Version 2025.3.1.0" gives "2025.3.1.0"), else "".
std::string version_number(std::string_view text);

}  // namespace flashcore::collectors
