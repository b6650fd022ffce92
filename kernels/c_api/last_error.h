// The last error of a thread, as the C functions tell it, and the wall that no C++ exception passes.
//
// Owns: the texts of the calling thread's last error, in fixed memory: telling of an error allocates nothing
// here, and a thread that never failed pays nothing. Threads: each has its own. Errors: none.
#pragma once

#include <exception>
#include <new>

#include "core/result.h"
#include "kernels/c_api/flashcore_kernels.h"

namespace flashcore::c_api {

// Keeps the error and returns its status. Texts that are too long are cut between characters.
fc_status failed(const core::Error& error) noexcept;

// The same where there may be no memory for an Error.
fc_status failed(fc_status status, const char* message, const char* remedy, const char* detail) noexcept;

inline fc_status status_of(const core::Status& status) noexcept {
  return status ? FC_OK : failed(status.error());
}

// What `work` returns; of an exception its class and text.
template <typename Work>
fc_status guarded(Work&& work) noexcept {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return failed(FC_ERROR_MEMORY, "the host has no memory left for this call", "free memory and try again",
                  "");
  } catch (const std::exception& error) {
    return failed(FC_ERROR_INTERNAL, "the library failed in a way that it does not foresee",
                  "report it with the detail", error.what());
  } catch (...) {
    return failed(FC_ERROR_INTERNAL, "the library failed in a way that it does not foresee", "report it", "");
  }
}

}  // namespace flashcore::c_api
