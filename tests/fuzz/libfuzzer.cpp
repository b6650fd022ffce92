// libFuzzer's entry. With FLASHCORE_FUZZ_SEEDS=FOLDER the program writes its seeds there and ends.
#include <cstdint>

#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* folder = std::getenv("FLASHCORE_FUZZ_SEEDS");
  if (folder == nullptr) return 0;
  int number = 0;
  for (const std::string& seed : flashcore::fuzz::seeds()) {
    std::ofstream out(std::filesystem::path(folder) / ("seed_" + std::to_string(number++)), std::ios::binary);
    out << seed;
  }
  std::_Exit(0);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  flashcore::fuzz::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
