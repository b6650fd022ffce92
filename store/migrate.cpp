#include "store/migrate.h"

#include <fmt/format.h>

#include "store/statement.h"
#include "store/store.h"

namespace flashcore::store {

int schema_version() noexcept {
  return migrations().back().number;
}

void migrate(sqlite3* connection, std::span<const Migration> steps) {
  Transaction transaction(connection);
  const std::int64_t have = query_integer(connection, "PRAGMA user_version");
  bool changed = false;
  for (const Migration& step : steps) {
    if (step.number <= have) continue;
    execute(connection, step.sql);
    execute(connection, fmt::format("PRAGMA user_version = {}", step.number));
    changed = true;
  }
  if (changed) execute(connection, fmt::format("PRAGMA application_id = {}", kApplicationId));
  transaction.commit();
}

}  // namespace flashcore::store
