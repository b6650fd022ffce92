// Lists of what this program and this machine have: phases, shapes, collectors, devices.
#include <fmt/format.h>

#include "analysis/units.h"
#include "app/cli/list_text.h"
#include "app/session/collectors.h"
#include "app/session/devices.h"
#include "app/session/phases.h"
#include "core/attention.h"
#include "reports/text.h"

namespace flashcore::cli {
namespace {

constexpr int kName = 14;

}  // namespace

std::string labelled(std::string_view label, std::string_view text, int indent, int width) {
  std::string head = reports::fit(reports::printable(label), indent, reports::Align::kLeft);
  // A label that fills its column would run into the text; the column's last cell stays empty.
  if (reports::display_width(reports::printable(label)) >= indent) {
    head = reports::fit(reports::printable(label), indent - 1, reports::Align::kLeft) + " ";
  }
  return head + reports::wrap(reports::printable(text), width, indent, indent) + "\n";
}

core::Result<Listing> list_phases(int width) {
  Listing listing;
  auto& list = listing.json["phases"] = nlohmann::ordered_json::array();
  for (const core::PhaseInfo& info : session::list_phases()) {
    listing.text += labelled(info.id, fmt::format("{}{}", info.title, info.reference ? " (reference)" : ""),
                             kName, width);
    listing.text += labelled("", info.idea, kName, width);
    const std::string builds_on = info.builds_on.empty() ? "" : fmt::format("; builds on {}", info.builds_on);
    listing.text += labelled("",
                             fmt::format("serves {}; compute capability {}.{} or later{}", info.problems,
                                         info.min_compute / 10, info.min_compute % 10, builds_on),
                             kName, width);
    list.push_back({{"id", info.id},
                    {"title", info.title},
                    {"idea", info.idea},
                    {"builds_on", info.builds_on},
                    {"rung", info.rung},
                    {"reference", info.reference},
                    {"min_compute", info.min_compute},
                    {"serves", info.problems}});
  }
  return listing;
}

core::Result<Listing> list_shapes(int width) {
  Listing listing;
  auto& list = listing.json["shapes"] = nlohmann::ordered_json::array();
  const auto head = [](std::string_view name, const auto& b, const auto& h, const auto& s, const auto& d) {
    return fmt::format("{:<14}{:>4} {:>4} {:>6} {:>4}", name, b, h, s, d);
  };
  listing.text = head("name", "B", "H", "S", "D") + "  for\n";
  for (const core::NamedShape& s : core::named_shapes()) {
    listing.text += labelled(head(s.name, s.batch, s.heads, s.seq, s.head_dim), s.purpose, 37, width);
    list.push_back({{"name", s.name},
                    {"B", s.batch},
                    {"H", s.heads},
                    {"S", s.seq},
                    {"D", s.head_dim},
                    {"purpose", s.purpose}});
  }
  return listing;
}

core::Result<Listing> list_collectors(int width) {
  Listing listing;
  auto& list = listing.json["collectors"] = nlohmann::ordered_json::array();
  for (const session::CollectorInfo& c : session::list_collectors()) {
    const char* when = c.always ? " (always)" : c.by_default ? " (by default)" : "";
    listing.text += labelled(c.id, c.title + when, kName, width);
    listing.text += labelled("", c.takes, kName, width);
    listing.text += labelled("", "needs " + c.needs, kName, width);
    if (!c.falls_to.empty())
      listing.text += labelled("", "where it is refused, " + c.falls_to + " is tried", kName, width);
    list.push_back({{"id", c.id},
                    {"title", c.title},
                    {"takes", c.takes},
                    {"needs", c.needs},
                    {"by_default", c.by_default},
                    {"always", c.always},
                    {"counts", c.counts},
                    {"falls_to", c.falls_to}});
  }
  return listing;
}

core::Result<Listing> list_devices(int width) {
  auto devices = session::list_devices();
  if (!devices) return core::fail(devices.error());
  Listing listing;
  auto& list = listing.json["devices"] = nlohmann::ordered_json::array();
  int ordinal = 0;
  for (const auto& d : *devices) {
    const std::string text = fmt::format(
        "{} ({}), compute capability {}.{}, {} SMs, {} MHz, {}", d.name, d.chip, d.compute_major,
        d.compute_minor, d.sm_count, d.sm_clock_max_khz / 1000, analysis::format_memory_size(d.memory_bytes));
    listing.text += labelled(std::to_string(ordinal), text, 4, width);
    list.push_back({{"ordinal", ordinal++},
                    {"name", d.name},
                    {"chip", d.chip},
                    {"compute_major", d.compute_major},
                    {"compute_minor", d.compute_minor},
                    {"sm_count", d.sm_count},
                    {"sm_clock_max_khz", d.sm_clock_max_khz},
                    {"memory_bytes", d.memory_bytes},
                    {"uuid", d.uuid}});
  }
  return listing;
}

}  // namespace flashcore::cli
