// Driver functions, found by name at run time: the program must start where there is no driver.
//
// Owns: nothing. Threads: any. Errors: null where the driver is missing or has no such function.
//
//   const auto current = driver_function<decltype(&cuCtxGetCurrent)>("cuCtxGetCurrent", 12000);
#pragma once

namespace flashcore::cuda {

// `since`: the CUDA version whose form of the function is meant, 1000 * major + 10 * minor. A toolkit older
// than 12.5 cannot ask for a form and gives its own.
void* driver_entry_point(const char* name, unsigned since) noexcept;

template <typename Function>
Function driver_function(const char* name, unsigned since) noexcept {
  return reinterpret_cast<Function>(driver_entry_point(name, since));
}

}  // namespace flashcore::cuda
