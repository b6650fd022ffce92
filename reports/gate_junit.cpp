#include "reports/gate_junit.h"

#include <fmt/format.h>

#include <filesystem>
#include <string_view>

#include "reports/text.h"

namespace flashcore::reports {
namespace {

using analysis::GateRow;
using analysis::GateState;

// U+FFFE and U+FFFF (EF BF BE, EF BF BF) are valid UTF-8 and no characters of XML 1.0, section 2.2; the
// control characters that it lacks too are gone after printable().
std::string xml(std::string_view text) {
  std::string safe = printable(text);
  for (const std::string_view none : {std::string_view("\xEF\xBF\xBE"), std::string_view("\xEF\xBF\xBF")}) {
    for (std::size_t at = safe.find(none); at != std::string::npos; at = safe.find(none, at)) {
      safe[at] = '?';
      safe.erase(at + 1, none.size() - 1);
    }
  }
  return html_escape(safe);
}

std::string body(const GateRow& row, bool strict) {
  if (row.state == GateState::kKept) return {};
  const std::string message = xml(fmt::format("{}, allowed: {}", row.value, row.allowed));
  std::string told = xml(row.sentence);
  if (!row.limit->reason.empty()) told += fmt::format("\nWhy the limit: {}", xml(row.limit->reason));
  if (!analysis::fails(row, strict)) {
    return fmt::format("      <skipped message=\"{}: {}\"/>\n", core::name_of(row.state), xml(row.sentence));
  }
  return fmt::format("      <failure type=\"{}\" message=\"{}\">{}</failure>\n", core::name_of(row.state),
                     message, told);
}

}  // namespace

std::string gate_junit(const GateView& view) {
  int failures = 0, skipped = 0;
  std::string cases;
  const std::string suite = std::filesystem::path(view.file.name).stem().string();
  for (const GateRow& row : view.result.rows) {
    const bool fails = analysis::fails(row, view.strict);
    if (fails) ++failures;
    if (!fails && row.state != GateState::kKept) ++skipped;
    cases += fmt::format("    <testcase classname=\"{}.{}\" name=\"{}\"", xml(suite), xml(row.limit->name),
                         xml(row.label));
    const std::string inside = body(row, view.strict);
    cases += inside.empty() ? "/>\n" : fmt::format(">\n{}    </testcase>\n", inside);
  }
  const std::string counts = fmt::format("tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\"",
                                         view.result.rows.size(), failures, skipped);
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out += fmt::format("<testsuites name=\"flashcore-profile gate\" {}>\n", counts);
  out += fmt::format("  <testsuite name=\"{}\" {}>\n{}", xml(view.file.name), counts, cases);
  out += fmt::format("    <system-out>{}</system-out>\n", xml(gate_headline(view) + "; " + gate_outcome(view)));
  return out + "  </testsuite>\n</testsuites>\n";
}

}  // namespace flashcore::reports
