#include "reports/text.h"

#include <gtest/gtest.h>

#include "reports/terminal_table.h"

namespace flashcore::reports {
namespace {

TEST(Text, MeasuresCellsNotBytes) {
  EXPECT_EQ(display_width("12.3 µs"), 7);
  EXPECT_EQ(display_width("核心"), 4);
  EXPECT_EQ(display_width("e\xCC\x81"), 1);  // a combining accent
  EXPECT_EQ(display_width("🙂"), 2);
}

TEST(Text, FitsToExactlyTheWidth) {
  for (const char* text : {"", "a", "µ", "核心核心核心", "a long text that is cut"}) {
    for (int width : {1, 2, 5, 8}) {
      EXPECT_EQ(display_width(fit(text, width, Align::kLeft)), width) << text;
      EXPECT_EQ(display_width(fit(text, width, Align::kRight)), width) << text;
    }
  }
  EXPECT_EQ(fit("ab", 4, Align::kRight), "  ab");
  EXPECT_EQ(cut("abcdef", 4), "abc…");
}

TEST(Text, NeutralisesControlCharacters) {
  EXPECT_EQ(printable("a\x1b[31mb\x07\n\t\x7f"), "a?[31mb????");
  EXPECT_EQ(printable("\xC2\x9B"), "?");          // C1: a one-byte CSI on some terminals
  EXPECT_EQ(printable("\xE2\x80\xAE"), "?");      // right-to-left override
  EXPECT_EQ(printable("\xE2\x80\x8B"), "?");      // a space without width hides things
  EXPECT_EQ(printable("\xE2\x80\xA8"), "?");      // a line separator
  EXPECT_EQ(printable("\xF3\xA0\x81\x81"), "?");  // a tag, which is not seen
  EXPECT_EQ(printable("µ核"), "µ核");
  EXPECT_EQ(printable("👩\xE2\x80\x8D🔬"), "👩\xE2\x80\x8D🔬") << "joiners of emoji stay";
}

TEST(Text, ReplacesBytesThatAreNoCharacter) {
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_EQ(valid_utf8("a\xFF"
                       "b"),
            "a" + mark + "b");
  EXPECT_EQ(valid_utf8("\xC3"), mark);
  EXPECT_EQ(valid_utf8("\xED\xA0\x80"), mark + mark + mark);  // a surrogate
  EXPECT_EQ(valid_utf8("\xC0\xAF"), mark + mark);             // overlong
  EXPECT_EQ(valid_utf8("\xEF\xBF\xBD"), mark);
}

TEST(Text, WrapsAtSpacesWithIndent) {
  EXPECT_EQ(wrap("aaa bbb ccc", 7, 2), "aaa bbb\n  ccc");
  EXPECT_EQ(wrap("aaa bbb", 12, 8, 8), "aaa\n        bbb");
}

TEST(Text, EscapesMarkup) {
  EXPECT_EQ(html_escape("<a b='c\"&"), "&lt;a b=&#39;c&quot;&amp;");
}

TEST(Table, LeavesOutWhatIsWorthLeastWhenNarrow) {
  const std::vector<Column> columns = {
      {"name", Align::kLeft, 10, 9}, {"dear", Align::kRight, 10, 5}, {"cheap", Align::kRight, 10, 1}};
  const std::vector<Row> rows = {{"", {"n", "12345678", "87654321"}}};
  EXPECT_EQ(TableLayout(columns, rows, 80).draw(rows, false),
            "  name      dear     cheap\n  n     12345678  87654321\n");
  EXPECT_EQ(TableLayout(columns, rows, 20).draw(rows, false), "  name      dear\n  n     12345678\n");
}

TEST(Text, CutsInTheMiddleWhatDiffersAtItsEnds) {
  EXPECT_EQ(cut_middle("short", 10), "short");
  EXPECT_EQ(cut_middle("gemm_f16_128x128_nt", 11), "gemm_…28_nt");
  EXPECT_NE(cut_middle("void gemm<a_very_long_name>(Params) one", 20),
            cut_middle("void gemm<a_very_long_name>(Params) two", 20));
  for (int width = 0; width < 30; ++width) {
    EXPECT_LE(display_width(cut_middle("日本語のカーネル名前の長い長い名", width)), width);
  }
}

}  // namespace
}  // namespace flashcore::reports
