#include "kernels/c_api/last_error.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace flashcore::c_api {
namespace {

struct LastError {
  fc_status status;
  char message[512], remedy[512], detail[2048];
};
thread_local LastError last_error;  // zero: none yet

template <std::size_t kSize>
void keep(char (&to)[kSize], std::string_view text) noexcept {
  std::size_t length = std::min(text.size(), kSize - 1);
  // A byte 10xxxxxx continues a character (RFC 3629, section 3).
  while (length > 0 && length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U)
    --length;
  std::memcpy(to, text.data(), length);
  to[length] = '\0';
}

fc_status status_of(core::ErrorCode code) noexcept {
  switch (code) {
    case core::ErrorCode::kUsage: return FC_ERROR_USAGE;
    case core::ErrorCode::kNoDevice: return FC_ERROR_NO_DEVICE;
    case core::ErrorCode::kPermission: return FC_ERROR_PERMISSION;
    case core::ErrorCode::kDevice: return FC_ERROR_DEVICE;
    case core::ErrorCode::kExternalTool: return FC_ERROR_EXTERNAL_TOOL;
    case core::ErrorCode::kFile:
    case core::ErrorCode::kDatabase: return FC_ERROR_FILE;
    case core::ErrorCode::kGateFailed:
    case core::ErrorCode::kWrongAnswer:
    case core::ErrorCode::kCancelled: break;  // of runs and reports: no kernel ends so
  }
  return FC_ERROR_INTERNAL;
}

}  // namespace

fc_status failed(const core::Error& error) noexcept {
  keep(last_error.message, error.message);
  keep(last_error.remedy, error.hint);
  keep(last_error.detail, error.context);
  return last_error.status = status_of(error.code);
}

fc_status failed(fc_status status, const char* message, const char* remedy, const char* detail) noexcept {
  keep(last_error.message, message);
  keep(last_error.remedy, remedy);
  keep(last_error.detail, detail);
  return last_error.status = status;
}

}  // namespace flashcore::c_api

using flashcore::c_api::last_error;

extern "C" {

fc_status fc_error_status(void) noexcept {
  return last_error.status;
}
const char* fc_error_message(void) noexcept {
  return last_error.message;
}
const char* fc_error_remedy(void) noexcept {
  return last_error.remedy;
}
const char* fc_error_detail(void) noexcept {
  return last_error.detail;
}

const char* fc_status_name(fc_status status) noexcept {
  switch (status) {
    case FC_OK: return "ok";
    case FC_ERROR_USAGE: return "usage";
    case FC_ERROR_NO_DEVICE: return "no_device";
    case FC_ERROR_PERMISSION: return "permission";
    case FC_ERROR_DEVICE: return "device";
    case FC_ERROR_EXTERNAL_TOOL: return "external_tool";
    case FC_ERROR_FILE: return "file";
    case FC_ERROR_MEMORY: return "memory";
    case FC_ERROR_INTERNAL: return "internal";
    default: return "unknown";
  }
}

}  // extern "C"
