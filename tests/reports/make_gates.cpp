// make_gates FOLDER: a gate's result in every form, for tests that read them as others do: usual.json,
// usual.xml, usual.md, and the same of hostile names, and strict.xml.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "reports/gate_json.h"
#include "reports/gate_junit.h"
#include "reports/gate_markdown.h"
#include "tests/reports/fixture_gates.h"

namespace {

using namespace flashcore;

bool write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  return out.good();
}

bool write_all(const std::filesystem::path& folder, const char* name, const tests::GateFixture& gate,
               bool strict) {
  const reports::GateView view = gate.view(strict);
  const auto path = [&](const char* ending) { return folder / (std::string(name) + ending); };
  return write(path(".json"), reports::gate_json(view)) && write(path(".xml"), reports::gate_junit(view)) &&
         write(path(".md"), reports::gate_markdown(view));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::filesystem::path folder = argv[1];
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const tests::GateFixture usual = tests::usual_gate(), hostile = tests::hostile_gate();
  const bool written = write_all(folder, "usual", usual, false) && write_all(folder, "strict", usual, true) &&
                       write_all(folder, "hostile", hostile, false);
  if (!written) std::fprintf(stderr, "cannot write to %s\n", argv[1]);
  return written ? 0 : 1;
}
