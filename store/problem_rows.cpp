#include "store/problem_rows.h"

#include <fmt/format.h>

namespace flashcore::store {

const core::Problem& problem_of(Store::Impl& impl, core::RowId id) {
  const auto known = impl.problems.find(id);
  if (known != impl.problems.end()) return known->second;
  core::Problem problem;
  std::string text;
  {
    const Prepared select = impl.prepare("SELECT workload, text FROM problem WHERE id = ?");
    select->bind(id);
    if (select->step()) select->read(problem.workload, text);
  }
  {
    const Prepared select =
        impl.prepare("SELECT name, value FROM problem_axis WHERE problem_id = ? ORDER BY ordinal");
    select->bind(id);
    while (select->step()) {
      core::Axis& axis = problem.axes.emplace_back();
      select->read(axis.name, axis.value);
    }
  }
  if (core::canonical_text(problem) != text) {
    throw UnreadableValue(fmt::format("it is damaged: the axes of problem {} are not those of its text", id),
                          "restore it from a copy; the file was not changed");
  }
  constexpr std::size_t kMost = 10'000;
  if (impl.problems.size() >= kMost) impl.problems.clear();
  return impl.problems.emplace(id, std::move(problem)).first->second;
}

}  // namespace flashcore::store
