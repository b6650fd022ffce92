#include "reports/page_pack.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/reports/page_unpacked.h"

namespace flashcore::reports {
namespace {

using Json = nlohmann::ordered_json;

Json there_and_back(const Json& value) {
  std::string packed;
  PagePacker().pack(value, packed);
  return fixtures::PageUnpacker().read(Json::parse(packed));
}

TEST(PagePack, GivesBackWhatItWasGiven) {
  const char* texts[] = {
      "null",
      "[]",
      "{}",
      "\"\"",
      "1.25e-7",
      "[true, false, null, -0.5]",
      "\"~abc\"",
      "\"^1\"",
      "\"~~x\"",
      R"({"a": {"b": {"c": [1, 2, 3]}}, "d": [1, 2, 3]})",
      R"([[1, 2, 3], [1, 2, 3], [[1, 2], 3, 4], [[1], 2, 3, 4]])",
      R"([{"a": "text", "b": 1}, {"b": 1, "a": "text"}, {"a": "text", "b": 1}, {"a": 2, "b": 3}])",
      R"([{"a\n1:b": 2}, {"a": 2, "1:b": 3}])",
      R"(["µs µs", "µs µs", "😀😀", "😀😀", "<script>", "__proto__", {"__proto__": "text", "x": "text"}])"};
  for (const char* text : texts) EXPECT_EQ(there_and_back(Json::parse(text)), Json::parse(text)) << text;
}

TEST(PagePack, SaysNothingTwice) {
  Json rows = Json::array();
  for (int i = 0; i < 1000; ++i) {
    rows.push_back(
        {{"id", "kernel.0.registers"}, {"value", "168"}, {"note", "driver and ptxas"}, {"state", "plain"}});
  }
  std::string packed;
  PagePacker().pack(rows, packed);
  EXPECT_LT(packed.size(), 6 * rows.size());
  EXPECT_EQ(there_and_back(rows), rows);
}

TEST(PagePack, MendsTextThatIsNoUtf8) {
  const Json back = there_and_back(Json::array({"\xFF\xFE long", "\xFF\xFE long", "x"}));
  EXPECT_EQ(back[0], back[1]);
  EXPECT_EQ(back[2], "x");
}

}  // namespace
}  // namespace flashcore::reports
