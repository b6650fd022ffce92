// The short run of a fuzz target: its seeds as they are, then mutated in the same way every time. What a
// target promises aborts the test where it is broken; FLASHCORE_FUZZ_KEEP=FILE keeps the input at hand.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <random>

#include "tests/fuzz/target.h"

namespace flashcore::fuzz {
namespace {

class Mutator {
 public:
  Mutator(std::vector<std::string> seeds, unsigned number) : seeds_(std::move(seeds)), random_(number) {}

  std::string mutated(std::string text) {
    for (std::size_t times = 1 + below(4); times > 0; --times) mutate(text);
    return text;
  }

 private:
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

  void mutate(std::string& text) {
    static constexpr std::array kTokens{
        "\"", "\"\"",  ",",    ";",     "\n",    "\r\n",   "\t",   "nan", "n/a",     "-",
        "0",  "1e999", "-1",   "1,234", "1.234", "(1; 2)", "\xff", "{",   "}",       "[",
        "]",  ":",     "null", "true",  "=",     "'''",    "ID",   "==",  "\\u0000", "9223372036854775808"};
    const std::size_t at = below(text.size() + 1);
    const std::size_t length = std::min(text.size() - at, below(below(8) == 0 ? text.size() + 1 : 40));
    switch (below(9)) {
      case 0: text.erase(at, length); break;
      case 1: text.insert(at, kTokens[below(kTokens.size())]); break;
      case 2: text.insert(at, text.substr(at, length)); break;
      case 3: text.resize(at); break;
      case 4: text.insert(at, 1, static_cast<char>(below(256))); break;
      case 5: splice(text, at, length); break;
      case 6: text.replace(at, length, kTokens[below(kTokens.size())]); break;
      case 7: swap_lines(text, at); break;
      default:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
    }
  }
  // Part of another seed.
  void splice(std::string& text, std::size_t at, std::size_t length) {
    const std::string& other = seeds_[below(seeds_.size())];
    const std::size_t from = below(other.size() + 1);
    text.replace(at, length, other, from, below(500));
  }
  void swap_lines(std::string& text, std::size_t at) {
    const auto first = text.rfind('\n', at);
    const auto second = text.find('\n', at + 1);
    if (first == std::string::npos || second == std::string::npos) return;
    text = text.substr(0, first) + text.substr(second) + text.substr(first, second - first);
  }

  std::vector<std::string> seeds_;
  std::mt19937 random_;
};

void keep(const std::string& input) {
  if (const char* path = std::getenv("FLASHCORE_FUZZ_KEEP"); path != nullptr)
    std::ofstream(path, std::ios::binary) << input;
}

TEST(Fuzz, SeedsKeepThePromises) {
  const auto all = seeds();
  ASSERT_FALSE(all.empty());
  for (const std::string& seed : all) {
    ASSERT_FALSE(seed.empty());
    run(seed);
  }
  run("");
}

TEST(Fuzz, MutationsOfTheSeedsKeepThem) {
  const auto all = seeds();
  const int times = mutations_of_a_seed();
  ASSERT_GE(times, 200);
  Mutator mutator(all, 20260131);
  auto longest = std::chrono::steady_clock::duration::zero();
  for (const std::string& seed : all)
    for (int i = 0; i < times; ++i) {
      const std::string input = mutator.mutated(seed);
      keep(input);
      const auto from = std::chrono::steady_clock::now();
      run(input);
      longest = std::max(longest, std::chrono::steady_clock::now() - from);
    }
  EXPECT_LT(longest, std::chrono::seconds(5)) << "one input took that long";
}

}  // namespace
}  // namespace flashcore::fuzz
