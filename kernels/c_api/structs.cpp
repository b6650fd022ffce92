#include "kernels/c_api/structs.h"

#include <cstdio>

namespace flashcore::c_api {
namespace {

constexpr const char* kSetSize = "set struct_size to sizeof the struct, and the other members after it";

}  // namespace

fc_status null_struct(const char* name) noexcept {
  char message[128];
  (void)std::snprintf(message, sizeof message, "the pointer to %s is null", name);
  return failed(FC_ERROR_USAGE, message, "pass the address of one", "");
}

fc_status bad_struct_size(const char* name, std::size_t size, std::size_t least) noexcept {
  char message[160];
  (void)std::snprintf(message, sizeof message, "struct_size of %s is %zu; it is at least %zu and at most %zu",
                      name, size, least, kMostStructBytes);
  return failed(FC_ERROR_USAGE, message, kSetSize, "");
}

fc_status newer_struct(const char* name, std::size_t size, std::size_t known) noexcept {
  char message[192];
  (void)std::snprintf(message, sizeof message,
                      "%s uses members that this library does not know: it has %zu bytes, and %zu are known",
                      name, size, known);
  return failed(FC_ERROR_USAGE, message,
                "install a library as new as the header, or leave those members zero", "");
}

}  // namespace flashcore::c_api
