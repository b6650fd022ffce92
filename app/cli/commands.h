// The commands of flashcore-profile. Each returns the program's exit code, having said on standard
// error what went wrong.
//
// Owns: nothing. Threads: called once from main. Output: results on standard output, everything
// else on standard error. Text from outside is made safe before it reaches a terminal. A command that is
// cancelled ends what it is doing and returns 130.
#pragma once

#include <string_view>

#include "app/cli/options.h"
#include "core/cancel.h"
#include "core/result.h"

namespace flashcore::cli {

int profile_command(const Options& options, const core::CancelToken& cancel);
int list_command(const Options& options, const core::CancelToken& cancel);
int show_command(const Options& options, const core::CancelToken& cancel);
int report_command(const Options& options, const core::CancelToken& cancel);
int import_command(const Options& options, const core::CancelToken& cancel);
int compare_command(const Options& options, const core::CancelToken& cancel);
int measure_command(const Options& options, const core::CancelToken& cancel);  // compare --measure
int why_command(const Options& options, const core::CancelToken& cancel);
int history_command(const Options& options, const core::CancelToken& cancel);
int gate_command(const Options& options, const core::CancelToken& cancel);
int manual_command(const Options& options, const core::CancelToken& cancel);
int completion_command(const Options& options, const core::CancelToken& cancel);
int record_command(const Options& options, const core::CancelToken& cancel);
int doctor_command(const Options& options, const core::CancelToken& cancel);
int launch_command(const Options& options, const core::CancelToken& cancel);
int worker_command(const Options& options, const core::CancelToken& cancel);
int helper_command();

// "flashcore-profile: message" with hint and detail on standard error; the code to exit with.
int complain(const core::Error& error);

// `text` on standard output, and `code`: 130 where the user stopped it meanwhile, 5 where standard output did
// not take it. A reader that has gone (`| head`) wants no more, which is no error.
int put_output(std::string_view text, int code, const core::CancelToken& cancel);

}  // namespace flashcore::cli
