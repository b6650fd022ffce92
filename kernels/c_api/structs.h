// Structs that grow: what a caller of another version passes in and gets out, by the rule of
// flashcore_kernels.h. The rule for structs from newer callers is that of Linux's extensible system calls
// (copy_struct_from_user): what is not known must be zero.
//
// Owns: nothing. Threads: pure functions. Errors: FC_ERROR_USAGE with the sizes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernels/c_api/last_error.h"

namespace flashcore::c_api {

// More than any version of any struct will ever have: a larger size was never set.
inline constexpr std::size_t kMostStructBytes = 4096;

fc_status null_struct(const char* name) noexcept;
fc_status bad_struct_size(const char* name, std::size_t size, std::size_t least) noexcept;
fc_status newer_struct(const char* name, std::size_t size, std::size_t known) noexcept;

// Copies the caller's struct into `to`, in which members that the caller does not know are zero. `least` is
// the size that the struct had in version 0.1.
template <typename Struct>
fc_status take_struct(const char* name, const Struct* from, Struct& to, std::size_t least) noexcept {
  if (from == nullptr) return null_struct(name);
  const std::size_t size = from->struct_size;
  if (size == sizeof(Struct)) {
    to = *from;
    return FC_OK;
  }
  if (size < least || size > kMostStructBytes) return bad_struct_size(name, size, least);
  const auto* bytes = reinterpret_cast<const unsigned char*>(from);
  for (std::size_t i = sizeof(Struct); i < size; ++i) {
    if (bytes[i] != 0) return newer_struct(name, size, sizeof(Struct));
  }
  to = Struct{};
  std::memcpy(&to, from, std::min(size, sizeof(Struct)));
  to.struct_size = sizeof(Struct);
  return FC_OK;
}

// Whether give_struct() may write there.
template <typename Struct>
fc_status check_room(const char* name, const Struct* to, std::size_t least) noexcept {
  if (to == nullptr) return null_struct(name);
  if (to->struct_size < least || to->struct_size > kMostStructBytes) {
    return bad_struct_size(name, to->struct_size, least);
  }
  return FC_OK;
}

// Fills the caller's struct, whose size check_room() allowed: what the caller does not know is left out, what
// this library does not know is zero. The size stays the caller's.
template <typename Struct>
void give_struct(const Struct& from, Struct* to) noexcept {
  const std::size_t size = to->struct_size;
  std::memset(static_cast<void*>(to), 0, size);
  std::memcpy(static_cast<void*>(to), &from, std::min(size, sizeof(Struct)));
  to->struct_size = size;
}

}  // namespace flashcore::c_api
