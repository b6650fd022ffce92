// PagePacker: JSON in which whatever occurs again is named by its place, for the report's data block: the
// runs of a report say most of the same (names, keys, reasons, where a value came from).
//
// The packed form is JSON itself, and reports/page/unpack.js reads it back:
//   number, true, false, null   as they are
//   string                      itself, "~~" before one that begins with ~ or ^; "~K" is the K-th string
//   array                       [-1, item, ...]
//   object                      [N, value, ...] of the N-th list of keys; where N is new: [N, [key, ...],
//   value, ...] array, object seen before   "^K", the K-th of those with at least kFewestMembers members, in
//   the order in
//                               which they end
// Strings of kShortest characters and more are counted as they first appear. K is written in base 36.
//
// Owns: what it has seen. Threads: one at a time. Errors: none; text that is no UTF-8 gets U+FFFD.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>

namespace flashcore::reports {

class PagePacker {
 public:
  static constexpr std::size_t kShortest = 4;
  static constexpr std::size_t kFewestMembers = 3;

  // Appends the packed value to `out`. The values of one packer are read back in the same order.
  void pack(const nlohmann::ordered_json& value, std::string& out);

 private:
  // Gives what tells this value from others.
  std::string put(const nlohmann::ordered_json& value, std::string& out);
  std::string put_text(const std::string& text, std::string& out);
  std::string put_members(const nlohmann::ordered_json& value, std::string& out);
  std::size_t shape_of(const nlohmann::ordered_json& object, bool& is_new);

  std::unordered_map<std::string, std::size_t> texts_, shapes_, nodes_;
};

}  // namespace flashcore::reports
