// DynamicLibrary: a shared library that is opened when it is first needed and found by name in it.
//
// Owns: nothing that is ever closed. Drivers and profilers install hooks that outlive a handle, so a
// library stays open until the process ends.
// Threads: a plain value once opened. Errors: open() answers an empty library and why() says what
// the loader said.
#pragma once

#include <string>
#include <vector>

namespace flashcore::cuda {

class DynamicLibrary {
 public:
  DynamicLibrary() = default;
  // Opens the first of `candidates` (file names or paths) that the loader accepts.
  static DynamicLibrary open(const std::vector<std::string>& candidates);
  // The first of `sonames` that this process has open already (another library's, or Python's); opens
  // nothing.
  static DynamicLibrary already_open(const std::vector<std::string>& sonames);

  explicit operator bool() const noexcept { return handle_ != nullptr; }
  // The loader's last words; empty when open.
  const std::string& why() const noexcept { return why_; }
  // The candidate that was opened.
  const std::string& name() const noexcept { return name_; }

  // Fills `function` with the symbol; false (and null) when the library has none.
  template <typename Function>
  bool find(const char* symbol, Function*& function) const noexcept {
    function = reinterpret_cast<Function*>(address_of(symbol));
    return function != nullptr;
  }

 private:
  static DynamicLibrary first_of(const std::vector<std::string>& candidates, int mode);
  void* address_of(const char* symbol) const noexcept;

  void* handle_ = nullptr;
  std::string name_;
  std::string why_;
};

}  // namespace flashcore::cuda
