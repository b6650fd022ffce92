#include "analysis/catalogue.h"

#include <fmt/format.h>
#include <nettle/base16.h>
#include <nettle/sha2.h>

#include <algorithm>
#include <array>
#include <set>

#include "analysis/catalogue_parse.h"
#include "analysis/catalogue_text.h"
#include "analysis/denominators.h"
#include "analysis/run_values.h"
#include "core/atomic_file.h"
#include "core/nearest.h"

namespace flashcore::analysis {
namespace {

// Not part of the catalogue: analysis/devices.h reads it.
constexpr std::string_view kDevicesFile = "devices.toml";
constexpr std::size_t kFileLimit = std::size_t{1} << 20;
constexpr std::size_t kFolderLimit = std::size_t{1} << 24;

std::string sha256_hex(std::string_view text) {
  sha256_ctx context;
  sha256_init(&context);
  sha256_update(&context, text.size(), reinterpret_cast<const std::uint8_t*>(text.data()));
  std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest{};
  sha256_digest(&context, digest.size(), digest.data());
  std::string hex(BASE16_ENCODE_LENGTH(digest.size()), '\0');
  base16_encode_update(hex.data(), digest.size(), digest.data());
  return hex;
}

core::Status add_builtin(CatalogueBuilder& builder, std::string& hashed) {
  for (const CatalogueText& file : builtin_catalogue_text()) {
    hashed += fmt::format("{} {}\n", file.file, file.text.size());
    hashed += file.text;
    if (file.file == kDevicesFile) continue;
    if (auto ok = builder.add_file(file.file, file.text, 0, true); !ok) return ok;
  }
  return {};
}

core::Result<std::vector<std::filesystem::path>> toml_files(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (auto it = std::filesystem::directory_iterator(folder, error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    if (it->path().extension() == ".toml") files.push_back(it->path());
  }
  if (error) {
    return core::fail(
        core::ErrorCode::kUsage,
        fmt::format("the catalogue folder '{}' cannot be read: {}", folder.string(), error.message()),
        "give --catalogue or FLASHCORE_CATALOGUE a folder of TOML files");
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

const MetricFormula* Metric::formula_for(std::string_view chip) const {
  const MetricFormula* any = nullptr;
  for (const MetricFormula& formula : formulas) {
    for (const std::string& name : formula.chips) {
      if (name == chip) return &formula;
      if (name == "*") any = &formula;
    }
  }
  return any;
}

core::Result<Catalogue> Catalogue::from_parts(CatalogueBuilder& builder, const std::string& hashed) {
  auto parts = builder.finish();
  if (!parts) return core::fail(parts.error());
  Catalogue catalogue;
  catalogue.sections_ = std::move(parts->sections);
  catalogue.metrics_ = std::move(parts->metrics);
  catalogue.speed_of_light_ = std::move(parts->speed_of_light);
  catalogue.orders_ = std::move(parts->orders);
  catalogue.hash_ = sha256_hex(hashed);
  return catalogue;
}

core::Result<Catalogue> Catalogue::builtin() {
  CatalogueBuilder builder;
  std::string hashed;
  if (auto ok = add_builtin(builder, hashed); !ok) return core::fail(ok.error());
  return from_parts(builder, hashed);
}

core::Result<Catalogue> Catalogue::with_folder(const std::filesystem::path& folder) {
  CatalogueBuilder builder;
  std::string hashed;
  if (auto ok = add_builtin(builder, hashed); !ok) return core::fail(ok.error());
  const auto files = toml_files(folder);
  if (!files) return core::fail(files.error());
  std::size_t total = 0;
  for (const std::filesystem::path& path : *files) {
    if (path.filename() == kDevicesFile) {
      return core::fail(core::ErrorCode::kUsage,
                        fmt::format("{}: device data cannot be laid over", path.string()),
                        "take the file out of the folder; peaks of devices are part of the program");
    }
    const auto text = core::read_file(path, kFileLimit);
    if (!text) return core::fail(text.error());
    total += text->size();
    if (total > kFolderLimit) {
      return core::fail(core::ErrorCode::kUsage,
                        fmt::format("the catalogue folder '{}' holds more than {} bytes of TOML",
                                    folder.string(), kFolderLimit),
                        "give --catalogue or FLASHCORE_CATALOGUE a folder of metric definitions alone");
    }
    hashed += fmt::format("{} {}\n", path.filename().string(), text->size());
    hashed += *text;
    if (auto ok = builder.add_file(path.string(), *text, 1, false); !ok) return core::fail(ok.error());
  }
  return from_parts(builder, hashed);
}

core::Result<Catalogue> Catalogue::from_text(const std::map<std::string, std::string>& files) {
  CatalogueBuilder builder;
  std::string hashed;
  for (const auto& [file, text] : files) {
    hashed += fmt::format("{} {}\n", file, text.size());
    hashed += text;
    if (auto ok = builder.add_file(file, text, 0, false); !ok) return core::fail(ok.error());
  }
  return from_parts(builder, hashed);
}

const Metric* Catalogue::find(std::string_view id) const {
  const auto found =
      std::find_if(metrics_.begin(), metrics_.end(), [&](const Metric& metric) { return metric.id == id; });
  return found == metrics_.end() ? nullptr : &*found;
}

std::vector<std::string> Catalogue::counters_for(std::string_view chip, CounterSet set) const {
  std::set<std::string, std::less<>> names;
  for (const Metric& metric : metrics_) {
    if (metric.set > set) continue;
    const MetricFormula* formula = metric.formula_for(chip);
    if (formula == nullptr) continue;
    for (const auto& [variable, counter] : formula->counters) names.insert(counter);
  }
  if (names.empty()) return {};
  names.emplace(kKernelDurationCounter);
  for (std::string& weight : weights_for({names.begin(), names.end()})) names.insert(std::move(weight));

  // What a smaller set orders comes first, so that the order of a larger one names what it adds alone.
  std::vector<std::string> ordered;
  for (const CounterSet part : {CounterSet::kQuick, CounterSet::kStandard, CounterSet::kFull}) {
    if (part > set) break;
    for (const CounterOrder& order : orders_) {
      if (order.set != part) continue;
      if (std::find(order.chips.begin(), order.chips.end(), chip) == order.chips.end()) continue;
      for (const std::string& name : order.counters) {
        if (auto node = names.extract(name)) ordered.push_back(std::move(node.value()));
      }
    }
  }
  ordered.insert(ordered.end(), names.begin(), names.end());
  return ordered;
}

core::Result<CounterSet> parse_counter_set(std::string_view name) {
  for (const CounterSet set : {CounterSet::kQuick, CounterSet::kStandard, CounterSet::kFull}) {
    if (name_of(set) == name) return set;
  }
  const std::vector<std::string> known{"quick", "standard", "full"};
  return core::fail(core::unknown_name("counter set", name, known));
}

std::string_view name_of(CounterSet set) noexcept {
  switch (set) {
    case CounterSet::kQuick: return "quick";
    case CounterSet::kStandard: return "standard";
    case CounterSet::kFull: return "full";
  }
  return "standard";
}

std::string_view name_of(Direction direction) noexcept {
  switch (direction) {
    case Direction::kHigherIsBetter: return "higher";
    case Direction::kLowerIsBetter: return "lower";
    case Direction::kNeutral: return "neutral";
  }
  return "neutral";
}

}  // namespace flashcore::analysis
