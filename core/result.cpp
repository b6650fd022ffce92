#include "core/result.h"

namespace flashcore::core {

int exit_code(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kGateFailed: return 1;
    case ErrorCode::kUsage: return 2;
    case ErrorCode::kNoDevice:
    case ErrorCode::kPermission:
    case ErrorCode::kDevice: return 3;
    case ErrorCode::kWrongAnswer: return 4;
    case ErrorCode::kDatabase:
    case ErrorCode::kFile: return 5;
    case ErrorCode::kExternalTool: return 6;
    case ErrorCode::kCancelled: return 130;
  }
  return 2;
}

std::string_view name_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kGateFailed: return "gate_failed";
    case ErrorCode::kUsage: return "usage";
    case ErrorCode::kNoDevice: return "no_device";
    case ErrorCode::kPermission: return "permission";
    case ErrorCode::kDevice: return "device";
    case ErrorCode::kWrongAnswer: return "wrong_answer";
    case ErrorCode::kDatabase: return "database";
    case ErrorCode::kFile: return "file";
    case ErrorCode::kExternalTool: return "external_tool";
    case ErrorCode::kCancelled: return "cancelled";
  }
  return "unknown";
}

std::string to_text(const Error& error) {
  std::string text = error.message;
  if (!error.hint.empty()) text += "\n  hint: " + error.hint;
  if (!error.context.empty()) text += "\n  detail: " + error.context;
  return text;
}

}  // namespace flashcore::core
