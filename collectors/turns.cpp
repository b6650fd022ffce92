#include "collectors/turns.h"

namespace flashcore::collectors {

std::vector<Turn> plan_turns(const std::vector<int>& samples) {
  std::vector<Turn> turns;
  const auto add = [&](int subject, int first, int count) {
    if (count > 0) turns.push_back({subject, first, count});
  };
  const int subjects = static_cast<int>(samples.size());
  if (subjects == 1) {
    add(0, 0, samples[0]);
    return turns;
  }
  const auto there = [&](int subject) { return (samples[static_cast<std::size_t>(subject)] + 1) / 2; };
  for (int i = 0; i < subjects; ++i) add(i, 0, there(i));
  for (int i = subjects - 1; i >= 0; --i) {
    add(i, there(i), samples[static_cast<std::size_t>(i)] - there(i));
  }
  return turns;
}

}  // namespace flashcore::collectors
