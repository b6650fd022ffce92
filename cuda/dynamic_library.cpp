#include "cuda/dynamic_library.h"

#include <dlfcn.h>

namespace flashcore::cuda {

DynamicLibrary DynamicLibrary::open(const std::vector<std::string>& candidates) {
  return first_of(candidates, RTLD_NOW | RTLD_LOCAL);
}

DynamicLibrary DynamicLibrary::already_open(const std::vector<std::string>& sonames) {
  return first_of(sonames, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
}

DynamicLibrary DynamicLibrary::first_of(const std::vector<std::string>& candidates, int mode) {
  DynamicLibrary library;
  for (const std::string& candidate : candidates) {
    library.handle_ = dlopen(candidate.c_str(), mode);
    if (library.handle_ != nullptr) {
      library.name_ = candidate;
      library.why_.clear();
      return library;
    }
    const char* text = dlerror();
    if (library.why_.empty() && text != nullptr) library.why_ = text;
  }
  return library;
}

void* DynamicLibrary::address_of(const char* symbol) const noexcept {
  return handle_ == nullptr ? nullptr : dlsym(handle_, symbol);
}

}  // namespace flashcore::cuda
