// The commands of flashcore-profile. Each returns the program's exit code, having said on standard
// error what went wrong.
//
// Owns: nothing. Threads: called once from main. Output: results on standard output, everything
// else on standard error.
#pragma once

#include "app/cli/options.h"
#include "core/cancel.h"
#include "core/result.h"

namespace flashcore::cli {

int profile_command(const Options& options, const core::CancelToken& cancel);
int list_command(const Options& options);
int show_command(const Options& options);
int report_command(const Options& options);
int record_command(const Options& options);
int doctor_command(const Options& options);
int launch_command(const Options& options);
int worker_command(const Options& options, core::CancelToken& cancel);

// "flashcore-profile: message" with hint and detail on standard error; the code to exit with.
int complain(const core::Error& error);

// `code`, or 5 where it was 0 and standard output did not take all that was printed. A reader that has
// gone (`| head`) wants no more, which is no error.
int finish_output(int code);

}  // namespace flashcore::cli
