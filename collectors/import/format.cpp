#include "collectors/import/importer.h"
#include "collectors/import/numbers.h"

namespace flashcore::collectors {

ImportFormat import_format(std::string_view first_bytes) {
  constexpr auto kNot = std::string_view::npos;
  if (first_bytes.starts_with(std::string_view("NVR\0", 4))) return ImportFormat::kNcuReport;
  std::string_view text = first_bytes;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  text = trimmed(text);
  if (text.starts_with('{')) {
    if (text.find(kTimingsSchema) != kNot) return ImportFormat::kTimingsJson;
    for (const std::string_view word : {"\"nvbench\"", "\"benchmarks\"", "\"devices\""})
      if (text.find(word) != kNot) return ImportFormat::kNvbenchJson;
    return ImportFormat::kUnknown;
  }
  for (const std::string_view word : {"Kernel Name", "==PROF==", "==ERROR==", "==WARNING=="})
    if (text.find(word) != kNot) return ImportFormat::kNcuCsv;
  return ImportFormat::kUnknown;
}

}  // namespace flashcore::collectors
