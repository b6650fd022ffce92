#include "analysis/devices.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "analysis/catalogue_text.h"

namespace flashcore::analysis {
namespace {

struct Product {
  std::string name;           // the whole name, or
  std::string name_contains;  // a part of it
  Rate tensor_f16;
};

struct Architecture {
  std::string compute;  // "9.0"
  std::string chip;     // one of this architecture
  DeviceRates rates;
  std::vector<Product> products;
};

Rate rate(const toml::table& table, const std::string& key) {
  Rate r;
  r.value = table[key].value<double>();
  r.source = table[key + "_source"].value_or<std::string>("");
  r.missing = table[key + "_missing"].value_or<std::string>("");
  return r;
}

std::vector<Architecture> parse(std::string_view text) {
  std::vector<Architecture> all;
  const toml::table root = toml::parse(text);
  const toml::array* list = root["architecture"].as_array();
  for (const toml::node& node : list != nullptr ? *list : toml::array{}) {
    const toml::table& table = *node.as_table();
    Architecture a;
    a.compute = table["compute"].value_or<std::string>("");
    a.chip = table["chip"].value_or<std::string>("");
    a.rates.title = table["title"].value_or<std::string>("");
    a.rates.tensor_f16 = rate(table, "tensor_f16");
    a.rates.tensor_f16_mma = rate(table, "tensor_f16_mma");
    a.rates.fp32 = rate(table, "fp32");
    a.rates.mufu = rate(table, "mufu");
    a.rates.l2 = rate(table, "l2");
    a.rates.l1 = rate(table, "l1");
    const toml::array* products = table["product"].as_array();
    for (const toml::node& item : products != nullptr ? *products : toml::array{}) {
      const toml::table& product = *item.as_table();
      a.products.push_back({product["name"].value_or<std::string>(""),
                            product["name_contains"].value_or<std::string>(""), rate(product, "tensor_f16")});
    }
    all.push_back(std::move(a));
  }
  return all;
}

// The text is compiled in and tested, so that an error in it is a programmer's.
const std::vector<Architecture>& architectures() {
  static const std::vector<Architecture> all = [] {
    for (const CatalogueText& file : builtin_catalogue_text()) {
      if (file.file != "devices.toml") continue;
      try {
        return parse(file.text);
      } catch (const toml::parse_error& error) {
        std::fprintf(stderr, "devices.toml:%u: %s\n", error.source().begin.line,
                     std::string(error.description()).c_str());
        std::abort();
      }
    }
    std::fprintf(stderr, "devices.toml was not compiled in\n");
    std::abort();
  }();
  return all;
}

std::string compute_of(const core::DeviceRecord& device) {
  return fmt::format("{}.{}", device.compute_major, device.compute_minor);
}

bool matches(const Product& product, const std::string& device) {
  if (!product.name.empty()) return device == product.name;
  return !product.name_contains.empty() && device.find(product.name_contains) != std::string::npos;
}

}  // namespace

DeviceRates rates_of(const core::DeviceRecord& device) {
  const std::string compute = compute_of(device);
  for (const Architecture& architecture : architectures()) {
    if (architecture.compute != compute) continue;
    DeviceRates rates = architecture.rates;
    // Where mma.sync reaches the architecture's peak it reaches the product's.
    const bool mma_is_peak = rates.tensor_f16_mma.value == rates.tensor_f16.value;
    for (const Product& product : architecture.products) {
      if (!matches(product, device.name)) continue;
      rates.tensor_f16 = product.tensor_f16;
      if (mma_is_peak) rates.tensor_f16_mma = product.tensor_f16;
    }
    return rates;
  }
  const Rate unknown{
      std::nullopt, "",
      fmt::format("analysis/catalogue/devices.toml has no rates for compute capability {}", compute)};
  return {
      fmt::format("compute capability {}", compute), unknown, unknown, unknown, unknown, unknown, unknown};
}

std::string formula_chip(const std::optional<core::DeviceRecord>& device) {
  if (!device) return {};
  if (!device->chip.empty()) return device->chip;
  const std::string compute = compute_of(*device);
  for (const Architecture& architecture : architectures()) {
    if (architecture.compute == compute) return architecture.chip;
  }
  return {};
}

std::optional<double> dram_peak_bandwidth(const core::DeviceRecord& device) {
  if (device.memory_clock_max_khz <= 0 || device.memory_bus_bits <= 0) return std::nullopt;
  return 2.0 * (device.memory_bus_bits / 8.0) * (static_cast<double>(device.memory_clock_max_khz) * 1e3);
}

}  // namespace flashcore::analysis
