#include "analysis/catalogue.h"
#include "tests/fuzz/target.h"

namespace flashcore::fuzz {

void run(std::string_view input) {
  const auto catalogue = analysis::Catalogue::from_text({{"f.toml", std::string(input)}});
  if (catalogue) return;
  promise(!catalogue.error().message.empty(), "a refusal has words");
  promise(catalogue.error().message.size() < 2000, "a message is cut",
          catalogue.error().message.substr(0, 2000));
}

std::vector<std::string> seeds() {
  auto all = files_of("analysis/catalogue", ".toml");
  std::string together;
  for (const std::string& file : all) together += file + "\n";
  all.push_back(together);
  return all;
}

int mutations_of_a_seed() {
  return 200;
}

}  // namespace flashcore::fuzz
