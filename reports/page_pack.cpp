#include "reports/page_pack.h"

#include <algorithm>
#include <string_view>

#include "reports/run_json.h"
#include "reports/text.h"

namespace flashcore::reports {
namespace {

using Json = nlohmann::ordered_json;

// A mark and the number behind it.
std::string base36(char mark, std::size_t number) {
  std::string out;
  do {
    out += "0123456789abcdefghijklmnopqrstuvwxyz"[number % 36];
    number /= 36;
  } while (number > 0);
  out += mark;
  std::reverse(out.begin(), out.end());
  return out;
}

std::string quoted(const std::string& place) {
  std::string out(1, '"');
  out += place;
  out += '"';
  return out;
}

// By the units that JavaScript counts, so that both sides count the same texts.
bool is_counted(std::string_view utf8) {
  std::size_t units = 0;
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) != 0x80) ++units;
    if (byte >= 0xF0) ++units;
  }
  return units >= PagePacker::kShortest;
}

}  // namespace

void PagePacker::pack(const Json& value, std::string& out) {
  put(value, out);
}

std::string PagePacker::put(const Json& value, std::string& out) {
  if (value.is_string()) return put_text(value.get_ref<const std::string&>(), out);
  if (value.is_structured()) return put_members(value, out);
  const std::string text = dump(value, -1);
  out += text;
  return text;
}

std::string PagePacker::put_text(const std::string& given, std::string& out) {
  const std::string text = valid_utf8(given);
  const bool marked = text.starts_with('~') || text.starts_with('^');
  const std::string written = dump(Json(marked ? std::string("~~").append(text) : text), -1);
  if (!is_counted(text)) {
    out += written;
    return written;
  }
  const auto [at, is_new] = texts_.try_emplace(text, texts_.size());
  const std::string place = base36('~', at->second);
  out += is_new ? written : quoted(place);
  return place;
}

std::size_t PagePacker::shape_of(const Json& object, bool& is_new) {
  std::string keys;
  for (const auto& item : object.items()) keys += std::to_string(item.key().size()) + ':' + item.key();
  const auto [at, added] = shapes_.try_emplace(std::move(keys), shapes_.size());
  is_new = added;
  return at->second;
}

std::string PagePacker::put_members(const Json& value, std::string& out) {
  const std::size_t begin = out.size();
  bool new_shape = false;
  const std::string shape =
      value.is_object() ? std::to_string(shape_of(value, new_shape)) : std::string("-1");
  std::string key = "(";
  key += shape;
  out += '[';
  out += shape;
  if (new_shape) {
    Json keys = Json::array();
    for (const auto& item : value.items()) keys.push_back(item.key());
    out += ',';
    out += dump(keys, -1);
  }
  for (const auto& member : value) {
    out += ',';
    key += ',';
    key += put(member, out);
  }
  out += ']';
  key += ')';
  if (value.size() < kFewestMembers) return key;
  const auto [at, is_new] = nodes_.try_emplace(std::move(key), nodes_.size());
  const std::string place = base36('^', at->second);
  // All of it was seen before, so that writing it has added nothing to any list.
  if (!is_new) out.replace(begin, std::string::npos, quoted(place));
  return place;
}

}  // namespace flashcore::reports
