#include "reports/html.h"

#include <nettle/base16.h>
#include <nettle/base64.h>

#include <array>
#include <map>
#include <string_view>

#include "core/atomic_file.h"
#include "report_parts.inc"
#include "reports/page_data.h"
#include "reports/text.h"

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
FLASHCORE_EMBEDDED(page_unpack_js)
FLASHCORE_EMBEDDED(page_charts_js)
FLASHCORE_EMBEDDED(page_stalls_js)
FLASHCORE_EMBEDDED(page_roofline_js)
FLASHCORE_EMBEDDED(page_memory_js)
FLASHCORE_EMBEDDED(page_speed_js)
FLASHCORE_EMBEDDED(page_tables_js)
FLASHCORE_EMBEDDED(page_sheets_js)
FLASHCORE_EMBEDDED(page_changes_js)
FLASHCORE_EMBEDDED(page_pair_js)
FLASHCORE_EMBEDDED(page_why_js)
FLASHCORE_EMBEDDED(page_arrows_js)
FLASHCORE_EMBEDDED(page_ladder_js)
FLASHCORE_EMBEDDED(page_history_js)
FLASHCORE_EMBEDDED(page_paper_js)
FLASHCORE_EMBEDDED(page_main_js)
#if FLASHCORE_REPORT_CHARTS
FLASHCORE_EMBEDDED(echarts_js)
FLASHCORE_EMBEDDED(echarts_license)
FLASHCORE_EMBEDDED(echarts_notice)
FLASHCORE_EMBEDDED(echarts_license_d3)
FLASHCORE_EMBEDDED(zrender_license)
FLASHCORE_EMBEDDED(tslib_license)
#endif

namespace flashcore::reports {
namespace {

// Of bytes given as hexadecimal digits; "" for anything else.
std::string base64_of_hex(std::string_view hex) {
  base16_decode_ctx decoder;
  base16_decode_init(&decoder);
  std::array<std::uint8_t, 64> bytes{};
  std::size_t count = bytes.size();
  const bool fits = BASE16_DECODE_LENGTH(hex.size()) <= bytes.size();
  if (!fits || base16_decode_update(&decoder, &count, bytes.data(), hex.size(), hex.data()) == 0) return {};
  std::string out(BASE64_ENCODE_RAW_LENGTH(count), '\0');
  base64_encode_raw(out.data(), count, bytes.data());
  return out;
}

// Only the scripts of this library may run; nothing may be fetched, sent or framed. The style
// attributes that ECharts sets on its tooltips need 'unsafe-inline', styles only.
std::string content_security_policy() {
  std::string scripts;
  for (const std::string_view hash : kScriptHashes) scripts += " 'sha256-" + base64_of_hex(hash) + "'";
  return "default-src 'none'; script-src" + scripts +
         "; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'";
}

#if FLASHCORE_REPORT_CHARTS
// The element as a whole: an empty script would need a hash of its own.
std::string charts_script() {
  return "<script>" + std::string(echarts_js()) + "</script>\n";
}

std::string licences() {
  std::string out = "<details><summary>Licences of what this file carries</summary>\n";
  const auto add = [&](std::string_view name, std::string_view text) {
    out += "<h3>" + html_escape(name) + "</h3>\n<pre>" + html_escape(valid_utf8(text)) + "</pre>\n";
  };
  add("Apache ECharts: notice", echarts_notice());
  add("Apache ECharts: licence", echarts_license());
  add("d3, parts of which are in Apache ECharts", echarts_license_d3());
  add("zrender, which is in Apache ECharts", zrender_license());
  add("tslib, which is in Apache ECharts", tslib_license());
  return out + "</details>\n";
}
#else
std::string charts_script() {
  return {};
}
std::string licences() {
  return {};
}
#endif

// In the order in which they need each other.
std::string page_scripts() {
  std::string out;
  for (const std::string_view script :
       {page_dom_js(), page_unpack_js(), page_charts_js(), page_stalls_js(), page_roofline_js(),
        page_memory_js(), page_speed_js(), page_tables_js(), page_sheets_js(), page_changes_js(),
        page_pair_js(), page_why_js(), page_arrows_js(), page_ladder_js(), page_history_js(), page_paper_js(),
        page_main_js()}) {
    out += "<script>";
    out += script;
    out += "</script>\n";
  }
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

bool report_has_charts() noexcept {
  return FLASHCORE_REPORT_CHARTS != 0;
}

std::string html_report(const std::vector<analysis::RunAnalysis>& runs, const analysis::Catalogue& catalogue,
                        const HtmlOptions& options) {
  const std::string data = PageData(runs, catalogue, options).packed();
  const std::string title = html_escape(valid_utf8(options.title));
  const std::string policy = content_security_policy();
  const std::string licence_texts = licences();
  const std::string echarts = charts_script();
  const std::string scripts = page_scripts();
  return filled(page_html(), {{"title", title},
                              {"policy", policy},
                              {"css", page_css()},
                              {"data", data},
                              {"echarts", echarts},
                              {"scripts", scripts},
                              {"licences", licence_texts}});
}

core::Status write_html_report(const std::filesystem::path& path,
                               const std::vector<analysis::RunAnalysis>& runs,
                               const analysis::Catalogue& catalogue, const HtmlOptions& options) {
  return core::write_file(path, html_report(runs, catalogue, options));
}

}  // namespace flashcore::reports
