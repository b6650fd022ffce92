// Reads back what reports/page_pack.h wrote, as reports/page/unpack.js does, for tests of what is in a
// report.
#pragma once

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "reports/page_pack.h"

namespace flashcore::reports::fixtures {

class PageUnpacker {
 public:
  using Json = nlohmann::ordered_json;

  Json read(const Json& packed) {
    if (packed.is_string()) return read_text(packed.get<std::string>());
    if (!packed.is_array()) return packed;
    Json out;
    if (packed[0].get<int>() < 0) {
      out = Json::array();
      for (std::size_t i = 1; i < packed.size(); ++i) out.push_back(read(packed[i]));
    } else {
      out = read_object(packed);
    }
    if (out.size() >= PagePacker::kFewestMembers) nodes_.push_back(out);
    return out;
  }

 private:
  static std::size_t place_of(const std::string& text) { return std::stoul(text.substr(1), nullptr, 36); }

  static std::size_t units(const std::string& utf8) {
    std::size_t count = 0;
    for (const char c : utf8) {
      const auto byte = static_cast<unsigned char>(c);
      count += static_cast<std::size_t>((byte & 0xC0) != 0x80) + static_cast<std::size_t>(byte >= 0xF0);
    }
    return count;
  }

  Json read_text(const std::string& written) {
    if (written.starts_with('^')) return nodes_.at(place_of(written));
    if (written.starts_with('~') && !written.starts_with("~~")) return texts_.at(place_of(written));
    const std::string text = written.starts_with("~~") ? written.substr(2) : written;
    if (units(text) >= PagePacker::kShortest) texts_.push_back(text);
    return text;
  }

  Json read_object(const Json& packed) {
    const auto shape = packed[0].get<std::size_t>();
    std::size_t at = 1;
    if (shape == shapes_.size()) shapes_.push_back(packed[at++].get<std::vector<std::string>>());
    const std::vector<std::string> keys = shapes_.at(shape);
    Json out = Json::object();
    for (const std::string& key : keys) out[key] = read(packed.at(at++));
    return out;
  }

  std::vector<std::string> texts_;
  std::vector<std::vector<std::string>> shapes_;
  std::vector<Json> nodes_;
};

}  // namespace flashcore::reports::fixtures
