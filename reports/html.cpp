#include "reports/html.h"

#include <map>
#include <string_view>

#include "core/atomic_file.h"
#include "reports/page_data.h"
#include "reports/run_json.h"
#include "reports/text.h"
#include "script_hashes.inc"

// The files that cmake/embed_file.cmake put into this library.
#define FLASHCORE_EMBEDDED(name)                               \
  extern "C" const char flashcore_##name##_begin[];            \
  extern "C" const char flashcore_##name##_end[];              \
  static std::string_view name() {                             \
    return {flashcore_##name##_begin, flashcore_##name##_end}; \
  }

FLASHCORE_EMBEDDED(page_html)
FLASHCORE_EMBEDDED(page_css)
FLASHCORE_EMBEDDED(page_dom_js)
FLASHCORE_EMBEDDED(page_charts_js)
FLASHCORE_EMBEDDED(page_tables_js)
FLASHCORE_EMBEDDED(page_main_js)
FLASHCORE_EMBEDDED(echarts_js)
FLASHCORE_EMBEDDED(echarts_license)
FLASHCORE_EMBEDDED(echarts_notice)
FLASHCORE_EMBEDDED(echarts_license_d3)
FLASHCORE_EMBEDDED(zrender_license)
FLASHCORE_EMBEDDED(tslib_license)

namespace flashcore::reports {
namespace {

// RFC 4648, section 4, of bytes given as hexadecimal digits.
std::string base64_of_hex(std::string_view hex) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (const char c : hex) {
    bits = (bits << 4) | static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
    count += 4;
    if (count >= 6) {
      count -= 6;
      out += kDigits[(bits >> count) & 63];
    }
  }
  if (count > 0) out += kDigits[(bits << (6 - count)) & 63];
  while (out.size() % 4 != 0) out += '=';
  return out;
}

// Only the scripts of this library may run; nothing may be fetched, sent or framed. The style
// attributes that ECharts sets on its tooltips need 'unsafe-inline', styles only.
std::string content_security_policy() {
  std::string scripts;
  for (const std::string_view hash :
       {std::string_view(k_echarts_js_sha256), std::string_view(k_page_dom_js_sha256),
        std::string_view(k_page_charts_js_sha256), std::string_view(k_page_tables_js_sha256),
        std::string_view(k_page_main_js_sha256)}) {
    scripts += " 'sha256-" + base64_of_hex(hash) + "'";
  }
  return "default-src 'none'; script-src" + scripts +
         "; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'";
}

std::string licences() {
  std::string out;
  const auto add = [&](std::string_view name, std::string_view text) {
    out += "<h3>" + html_escape(name) + "</h3>\n<pre>" + html_escape(valid_utf8(text)) + "</pre>\n";
  };
  add("Apache ECharts: notice", echarts_notice());
  add("Apache ECharts: licence", echarts_license());
  add("d3, parts of which are in Apache ECharts", echarts_license_d3());
  add("zrender, which is in Apache ECharts", zrender_license());
  add("tslib, which is in Apache ECharts", tslib_license());
  return out;
}

// One pass over the template: text that is put in is never searched for placeholders.
std::string filled(std::string_view page, const std::map<std::string_view, std::string_view>& parts) {
  std::string out;
  while (!page.empty()) {
    const std::size_t open = page.find("{{");
    out += page.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = page.find("}}", open);
    const auto part = parts.find(page.substr(open + 2, close - open - 2));
    if (part != parts.end()) out += part->second;
    page.remove_prefix(close + 2);
  }
  return out;
}

}  // namespace

std::string html_report(const std::vector<analysis::RunAnalysis>& runs, const analysis::Catalogue& catalogue,
                        const HtmlOptions& options) {
  const std::string data = script_safe(dump(page_data(runs, catalogue, valid_utf8(options.title)), -1));
  const std::string title = html_escape(valid_utf8(options.title));
  const std::string policy = content_security_policy();
  const std::string licence_texts = licences();
  return filled(page_html(), {{"title", title},
                              {"policy", policy},
                              {"css", page_css()},
                              {"data", data},
                              {"echarts", echarts_js()},
                              {"dom", page_dom_js()},
                              {"charts", page_charts_js()},
                              {"tables", page_tables_js()},
                              {"main", page_main_js()},
                              {"licences", licence_texts}});
}

core::Status write_html_report(const std::filesystem::path& path,
                               const std::vector<analysis::RunAnalysis>& runs,
                               const analysis::Catalogue& catalogue, const HtmlOptions& options) {
  return core::write_file(path, html_report(runs, catalogue, options));
}

}  // namespace flashcore::reports
