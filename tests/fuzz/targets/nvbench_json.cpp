#include "tests/fuzz/import_promises.h"

namespace flashcore::fuzz {

void run(std::string_view input) {
  check_import(collectors::import_nvbench_json(input, "f"), input.size());
}

std::vector<std::string> seeds() {
  return files_of("tests/collectors/import/files", ".json");
}

int mutations_of_a_seed() {
  return 2000;
}

}  // namespace flashcore::fuzz
