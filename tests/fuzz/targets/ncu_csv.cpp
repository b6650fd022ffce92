#include "tests/fuzz/import_promises.h"

namespace flashcore::fuzz {

void run(std::string_view input) {
  (void)collectors::import_format(input);
  check_import(collectors::import_ncu_csv(input, "f"), input.size());
  const auto launch = collectors::ncu_measurement(input, "f", 1);
  promise(launch || has_position(launch.error().message), "a refusal says file, line and column");
  if (launch) promise(launch->kernels.size() == 1, "the last launch has one kernel");
}

std::vector<std::string> seeds() {
  return files_of("tests/collectors/import/files", ".csv");
}

int mutations_of_a_seed() {
  return 2000;
}

}  // namespace flashcore::fuzz
